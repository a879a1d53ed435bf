# 读取气象站的记录，按月份求平均气温
import csv
import sys
from collections import defaultdict


def read_rows(path):
    """逐行读取文件，跳过表头和空行。"""
    with open(path, encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader)  # 第一行是列名
        for row in reader:
            if row:
                yield row


def monthly_means(path):
    sums = defaultdict(float)
    counts = defaultdict(int)
    for date, temperature in read_rows(path):
        month = date[:7]  # 形如 2023-05
        sums[month] += float(temperature)
        counts[month] += 1
    return {month: sums[month] / counts[month] for month in sorted(sums)}


def main():
    if len(sys.argv) != 2:
        print("用法: python weather_zh.py 文件名")
        sys.exit(1)
    # 输出每个月的平均值，保留一位小数
    for month, mean in monthly_means(sys.argv[1]).items():
        print(f"{month}: {mean:.1f} 度")


if __name__ == "__main__":
    main()
