"""A village diary of any length, drawn from word lists: what fills the longest sample row up.

The good texts are too few for a row of 120,000 characters, and using one twice would make the row repetitive. Slots are
short and many, so that runs of ten characters seldom come twice. The same seed gives the same diary.
"""

from __future__ import annotations

import random
import re

WORDS = {
    "人": (
        "老周 阿贵 三婶 秀兰 表叔 小满 林伯 桂生 春妮 石匠 船工 姑母 先生 货郎 大福 二喜 木根 "
        "水生 银花 铁柱 邻翁 药师 堂弟 舅公 阿婆 木匠 渔夫 村长 学徒 磨坊主"
    ),
    "时": ("清晨 午前 正午 午后 傍晚 入夜 天明 黄昏 三更 饭后 雨歇时 鸡鸣时 日落前 灯下 散集后 雾散后 赶早 得空"),
    "处": (
        "渡口 祠堂 茶棚 后山 河滩 石桥 磨坊 晒场 菜畦 竹林 井边 村口 南坡 铁铺 学堂 药圃 塘堤 "
        "仓房 柴院 集市 码头 梯田 果园 瓜地 窑前 水碓 牛栏 北岭 溪湾 戏台"
    ),
    "做": "修 补 搬 晒 挑 洗 扎 换 借 寻 看 卖 买 试 刷 垒 削 编 磨 收 量 点 砍 擦 拾 运 装 拆",
    "物": (
        "船篷 竹篓 犁头 蓑衣 瓦罐 木梯 灯笼 渔网 麻绳 门闩 水车 石磨 草席 扁担 锄柄 蜂箱 陶瓮 "
        "棉被 窗纸 鞋底 旧书 账本 风箱 铜锁 斗笠 纺车 秤砣 蜡烛 算盘 油伞 鸡笼 蚕匾"
    ),
    "事": (
        "豆价 婚期 修渠 雨水 族谱 收成 学费 路程 旧案 虫害 借款 戏班 柴米 山火 塘租 病情 渡钱 粮种 远亲 盐税 庙会 祭礼"
    ),
    "变": "又涨 未定 已成 有望 难说 稍缓 将变 可喜 堪忧 如旧 作罢 落空 见好 延后 提前 告终",
    "粮": ("新谷 黄豆 荞麦 芝麻 山芋 花生 绿豆 高粱 菱角 莲子 板栗 柿子 干笋 蚕豆 萝卜 冬瓜 橘子 茶叶 香菇 蜂蜜"),
    "食": ("米粥 菜汤 豆腐 咸鱼 糍粑 面片 炒笋 芋头 腌瓜 藕饼 蒸蛋 麦饼 鱼羹 姜茶 酒酿 粽子 凉粉 锅贴"),
    "天": ("晴 小雨 多云 大风 薄雾 阴 雷雨 微雪 霜重 闷热 细雨如丝 晴而有风 先雨后晴 云低 月色甚明 雨止 天寒 风和"),
    "生": ("燕子 白鹭 野兔 山雀 鲤鱼 蟋蟀 黄牛 羊羔 蜜蜂 青蛙 刺猬 母鸡 花猫 斑鸠 螃蟹 萤火虫 老狗 松鼠"),
    "动": "归巢 产子 过塘 落网 入屋 初鸣 成群 走失 偷食 伏在墙根 飞去 不肯动 惊起 渐多 绝迹 争食",
    "心": (
        "颇喜 略倦 不安 甚慰 无事 有愧 怅然 大笑 久坐不语 睡得沉 想起旧友 忘了带伞 念及母亲 腿酸 "
        "胃口好 心里踏实 半夜醒来 写信未成"
    ),
    "量": "斤 担 升 筐 捆 包 篮 袋 匣 坛",
}
CLAUSES = (
    "{人}{时}到{处}{做}{物}",
    "{时}在{处}遇{人}，谈{事}，{变}",
    "{人}送{粮}{数}{量}，回以{食}",
    "{处}边{生}{动}",
    "卖{粮}{数}{量}，得钱{数}文",
    "与{人}同{做}{物}，{时}方毕",
    "{食}就{食}，{心}",
    "听{人}说{处}的{事}{变}",
    "{时}见{生}{动}",
    "{物}坏了，托{人}{做}{物}相抵",
    "路过{处}，{人}正{做}{物}",
    "{人}与{人}为{事}争了几句",
    "{心}",
    "借{人}{物}，{数}日后还",
    "{处}种下{粮}{数}行",
    "{粮}生虫，{人}教我用{食}引开",
    "夜读{数}页，{心}",
    "数了数{物}，还剩{数}件",
    "{人}病了，煮{食}探望，{心}",
    "{时}，{处}那边传来锣声，原是{事}{变}",
)
NUMBERS = "一二三四五六七八九十"


def number(value: int) -> str:
    """Write 1 to 99 in Chinese: 23 is 二十三."""
    tens, ones = divmod(value, 10)
    front = "" if tens == 0 else "十" if tens == 1 else NUMBERS[tens - 1] + "十"
    return front + (NUMBERS[ones - 1] if ones else "")


def filled(pattern: str, draw: random.Random) -> str:
    """Put a word into each slot of a clause."""

    def word(slot: re.Match[str]) -> str:
        return number(draw.randrange(2, 100)) if slot[1] == "数" else draw.choice(WORDS[slot[1]].split())

    return re.sub("{(.)}", word, pattern)


def chronicle(chars: int, seed: str) -> str:
    """Write diary entries, one a line, until there are at least `chars` characters."""
    draw = random.Random(seed)
    entries: list[str] = []
    written = 0
    while written < chars:
        month, day = divmod(len(entries), 30)
        clauses = [filled(pattern, draw) for pattern in draw.sample(CLAUSES, draw.randrange(3, 7))]
        date = f"{number(month % 12 + 1)}月{number(day + 1)}日"
        weather = filled("{天}", draw)
        entries.append("。".join([f"{date}，{weather}", *clauses, ""]))
        written += len(entries[-1]) + 1
    return "\n".join(entries)
