#include <stdio.h>
#include <string.h>

#define LIMIT 1000000

static char composite[LIMIT + 1];

/* 埃氏筛法：标记所有合数 */
static void sieve(int limit)
{
    memset(composite, 0, sizeof composite);
    for (int i = 2; (long) i * i <= limit; i++) {
        if (composite[i])
            continue;
        /* 从平方开始，更小的倍数已经被标记过 */
        for (int j = i * i; j <= limit; j += i)
            composite[j] = 1;
    }
}

int main(void)
{
    int n, count = 0;

    printf("请输入上限：");
    if (scanf("%d", &n) != 1 || n < 2 || n > LIMIT) {
        fprintf(stderr, "输入不正确\n");
        return 1;
    }
    sieve(n);
    for (int i = 2; i <= n; i++)
        count += !composite[i];
    printf("共有 %d 个素数\n", count);
    return 0;
}
