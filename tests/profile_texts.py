"""Texts for the rules of the built-in profiles, all of our own writing; used by `test_profiles`."""

ESSAY = """沿着河堤往东走两里地，就是老陈家的果园。今年雨水多，\
桃子结得比往年少，个头却大。他蹲在树下，一边剪枝一边同我说话：
“果树和人一样，要歇一歇才肯用力。前年收成最好，去年便懒了，谁也催不动它。”
我问他为什么不多施些肥料，他摇摇头，说那样甜味会淡，卖给城里的孩子吃，自己心里过不去。
傍晚的时候下起了小雨，我们把筐子搬进屋里，听见屋檐滴水的声音，谁都没有再开口。"""
SHORT = (
    "图书馆从下周一起延长开放时间，每天晚上十点闭馆，周末也不例外。工作人员说，这是因为考试临近，来自习的学生越来越多，"
    "原来的座位常常在早上九点以前就被占满了。新增的两百个座位都在三楼东侧，可以提前一天在网上预约。"
)
POEM = "\n".join(
    [
        "山中夜坐",
        "松间一片月，照我读书时。",
        "露重虫声细，灯残夜漏迟。",
        "故人千里外，归雁几行诗。",
        "欲问春消息，梅花在北枝。",
    ]
)
CLASSICAL = (
    "初，邑有老翁，家贫而好学，尝以柴易书，归则闭户读之，忘其饥也。邻人笑曰：此物可食乎？翁曰：不可食，然吾腹已饱矣。"
    "其子闻而泣，遂亦从之学，后皆为名士。"
)
TECHNICAL = """## 安装

先确认系统里已经有 Python 3.10 或更新的版本，然后运行下面的命令：

```bash
python -m venv .venv
source .venv/bin/activate
pip install example-package
```

如果下载太慢，可以换一个镜像，或者把安装包放在本地目录里，\
用 `--find-links` 指给它。安装完成后，`example --version` 会打印出版本号。"""
GOOD = {"essay": ESSAY, "short": SHORT, "poem": POEM, "classical": CLASSICAL, "technical": TECHNICAL}

ENGLISH = "The library stays open until ten in the evening, because more students come to read before the exams begin. "
KEYWORDS = "空调维修，冰箱维修，电视维修，热水器维修，洗衣机安装，管道疏通，家电清洗，锁具更换，墙面粉刷，地板打蜡。"
MENU = "首页\n新闻中心\n产品展示\n联系我们\n下载专区\n招聘信息\n客户留言\n网站地图\n友情链接\n登录\n注册\n返回顶部\n"
ANIMALS = "猫狗牛羊马猪鸡鸭鹅兔鼠虎"
QUESTIONS = [f"养{animal}的人为什么喜欢在早上出门散步？" for animal in ANIMALS]
TEASERS = [f"{animal}主人出门旅行三天，回家后看到的一幕让他当场愣住……" for animal in ANIMALS]


def half_again(text: str, share: float) -> str:
    """`text`, and so much of its beginning once more that the repeated part is about `share` of the whole."""
    return text + "\n" + text[: int(len(text) * share / (1 - share))]


CURATE_ZH = {
    "quality.few_han": (ENGLISH * 3 + "图书馆。", ENGLISH + "图书馆晚上十点才关门。"),
    "quality.mostly_symbols": (SHORT + "★☆◆◇※→" * 25, SHORT + "★☆◆◇※→" * 5),
    "quality.mostly_digits": (SHORT + "13800138000 4001-820-820 " * 8, SHORT + "13800138000 4001-820-820 " * 2),
    "quality.mostly_urls": (
        SHORT + " https://example.com/news/2024/list?page=12&id=8812" * 6,
        SHORT + " https://example.com/news/12" * 2,
    ),
    "quality.mostly_tags": (
        '<div class="item" id="a12"><span style="color:red">好</span></div>' * 5 + SHORT,
        '<p class="item">' + SHORT + "</p>",
    ),
    "quality.garbled": (SHORT + "\ufffd\ufffd\ufffd", SHORT + "\ufffd"),
    "quality.spaced_out": (" ".join(SHORT), SHORT.replace("，", " ")),
    "quality.few_stop_words": (KEYWORDS, KEYWORDS + "我们的师傅会在一小时之内到您家里。"),
    "quality.no_punctuation": (MENU, SHORT.replace("，", " ").replace("。", " ")),  # a post without marks
    "quality.fragments": (MENU, POEM),
    "quality.mostly_questions": (
        "\n".join(QUESTIONS),
        "\n".join(
            f"{question}\n因为早上人少，{animal}也安静。" for question, animal in zip(QUESTIONS, ANIMALS, strict=True)
        ),
    ),
    "quality.too_many_bullets": (
        "\n".join(f"- 第{n}项：{animal}的照片" for n, animal in enumerate(ANIMALS)),
        "今天的作业是给下面这些动物拍照，每种至少一张：\n"
        + "\n".join(f"- 第{n}项：{animal}的照片" for n, animal in enumerate(ANIMALS[:8])),
    ),
    "quality.too_many_ellipsis_lines": ("\n".join(TEASERS[:5]), "\n".join([ESSAY, *TEASERS[:1]])),
    "repetition.top_2_gram": ("哈哈" * 60 + SHORT, "哈哈" * 10 + SHORT),
    "repetition.top_3_gram": ("顶起来" * 30 + SHORT, "顶起来" * 5 + SHORT),
    "repetition.top_4_gram": ("恭喜发财" * 20 + SHORT, "恭喜发财" * 5 + SHORT),
    "repetition.repeated_5_grams": ((SHORT + "\n") * 5, (SHORT + "\n") * 2),
    "repetition.repeated_10_grams": ((SHORT + "\n") * 3, half_again(ESSAY, 0.3)),
    "repetition.repeated_lines": (MENU.replace("\n", "\n回复\n举报\n收起\n"), MENU.replace("\n", "\n回复\n")),
    "repetition.repeated_line_chars": ((SHORT + "\n") * 2, SHORT + "\n" + ESSAY + "\n" + SHORT),
}

WORDS = ESSAY + SHORT
FINEWEB2_ZH = {
    "quality.few_words": (SHORT[:50], SHORT + SHORT[:30]),
    "quality.too_many_words": ("我们在这里。" * 40_000, "我们在这里。" * 30_000),
    "quality.short_words": ("。！？" * 20, SHORT),
    "quality.long_words": ("internationalization parameterization " * 30, SHORT + " internationalization"),
    "quality.too_many_hashes": (SHORT + "#" * 15, SHORT + "#" * 5),
    "quality.too_many_ellipses": (SHORT.replace("，", "……"), SHORT + "……"),
    "quality.too_many_bullets": (
        "\n".join(f"- {line}" for line in [*QUESTIONS]),
        "\n".join([*QUESTIONS, f"- {SHORT}"]),
    ),
    "quality.too_many_ellipsis_lines": ("\n".join([ESSAY, *TEASERS[:3]]), "\n".join([ESSAY, *TEASERS[:1]])),
    "quality.few_alphabetic_words": (SHORT + "，" * 20, SHORT),
    "quality.few_stop_words": ("春风吹绿江南岸，" * 9, "春风吹绿了江南的岸，" * 9),
    "quality.few_ended_lines": ("\n".join(line.rstrip("。") for line in SHORT.split("，")), ESSAY),
    "quality.too_many_lines": (MENU, SHORT.replace("。", "。\n")),
    "repetition.repeated_lines": (ESSAY + "\n" + "收起\n" * 4, ESSAY + "\n" + "收起\n" * 2),
    "repetition.repeated_line_chars": ("\n".join([SHORT, ESSAY, SHORT]), "\n".join([SHORT, ESSAY, SHORT[:60]])),
    "repetition.top_2_gram": ("哈哈" * 40 + WORDS, "哈哈" * 3 + WORDS),
    "repetition.top_3_gram": ("恭喜发财大吉大利，" * 12 + SHORT, WORDS),
    "repetition.top_4_gram": ("恭喜发财大吉大利，" * 12 + SHORT, WORDS),
    **{f"repetition.repeated_{n}_grams": (half_again(WORDS, 0.3), half_again(WORDS, 0.08)) for n in range(5, 11)},
}

WALK = """The path along the river was wet after the rain, and we walked slowly to the old mill with the children.
Nobody had been there for years, but the wheel still turned when the water was high.
An old man came out of the house and asked us what we wanted to see.

We told him that my grandfather had worked at the mill before the war.
He thought about it for a while, and then he showed us a room full of tools and papers.
On the wall there was a photograph of twelve men in white aprons, and one of them had my father's eyes."""
LIST = "\n".join(
    f"{animal} food and toys for sale" for animal in ("Dog", "Cat", "Bird", "Fish", "Horse", "Sheep", "Goat", "Mouse")
)
ENGLISH_TEASERS = [
    f"What the {animal} did next surprised everybody in the room..." for animal in ("dog", "cat", "bird", "fish")
]
PARAGRAPHS = WALK.split("\n\n")


def once_more(text: str, words: int) -> str:
    """`text`, and its first words once more."""
    return text + "\n" + " ".join(text.split()[:words])


GOPHER_QUALITY = {
    "quality.few_words": ("The path along the river was wet.", WALK),
    "quality.too_many_words": ("The path was wet. " * 26_000, "The path was wet. " * 24_000),
    "quality.short_words": ("I am on it so we go up to it. " * 8, WALK),
    "quality.long_words": ("Internationalization parameterization of the " * 20, WALK + " internationalization"),
    "quality.too_many_hashes": (WALK + " #tag" * 20, WALK + " #tag" * 5),
    "quality.too_many_ellipses": (WALK.replace(" and", "... and").replace(" the", "... the"), WALK + "..."),
    "quality.too_many_bullets": (
        "\n".join(f"- {line}" for line in LIST.split("\n")),
        "\n\n".join(f"- {line}" for line in LIST.split("\n")),  # datatrove counts the blank lines, too
    ),
    "quality.too_many_ellipsis_lines": ("\n".join([*ENGLISH_TEASERS, WALK]), "\n".join([ENGLISH_TEASERS[0], WALK])),
    "quality.few_alphabetic_words": (WALK + " 12 34 56" * 20, WALK + " 12 34 56" * 3),
    "quality.few_stop_words": (LIST.replace("and", "or") * 3, LIST.replace("for sale", "that sell") * 3),
}
GOPHER_REPETITION = {
    "repetition.repeated_lines": ("\n".join([WALK, *["Share"] * 5]), "\n".join([WALK, *["Share"] * 2])),
    "repetition.repeated_line_chars": (
        "\n".join([WALK, *WALK.split("\n")[:2], "x"]),
        "\n".join([WALK, WALK.split("\n")[1], "x"]),
    ),
    "repetition.repeated_paragraphs": (
        "\n\n".join([WALK, "Share", "Share", "Share"]),
        "\n\n".join([WALK, "Share", "Share"]),
    ),
    "repetition.repeated_paragraph_chars": (
        "\n\n".join([WALK, PARAGRAPHS[0]]),
        "\n\n".join([WALK, PARAGRAPHS[0].split("\n")[0], PARAGRAPHS[0].split("\n")[0]]),
    ),
    "repetition.top_2_gram": (WALK + " buy now" * 25, WALK + " buy now" * 5),
    "repetition.top_3_gram": (WALK + " buy it now" * 20, WALK + " buy it now" * 5),
    "repetition.top_4_gram": (WALK + " buy it right now" * 12, WALK + " buy it right now" * 4),
    **{f"repetition.repeated_{n}_grams": (once_more(WALK, 30), once_more(WALK, 10)) for n in range(5, 11)},
}
C4_RULES = {
    "quality.lorem_ipsum": (
        WALK + "\nLorem ipsum dolor sit amet.",
        WALK + "\nLorem ipsum",
    ),  # the line is too short
    "quality.curly_bracket": (WALK + "\nUse {name} for the name.", WALK + "\nIn javascript use {name} for it."),
    "quality.few_sentences": (PARAGRAPHS[0], WALK),
}
GOPHER_EN = {**GOPHER_QUALITY, **GOPHER_REPETITION}
C4_EN = {
    **C4_RULES,
    # without their marks these lines hold no sentence for C4
    "quality.few_sentences": (WALK.replace(".", ""), WALK),
}
FINEWEB_EN = {
    **GOPHER_EN,
    **C4_RULES,
    "quality.few_ended_lines": (LIST + "\n" + LIST.upper(), LIST + "\n" + WALK),
    "quality.mostly_short_lines": (LIST + "\n" + WALK.split("\n")[0], LIST + "\n" + WALK),
    "quality.too_many_lines": ("Name\nAge\nTown\nOld mill\n" * 5, LIST),
    "repetition.repeated_shown_line_chars": (
        "\n".join([WALK, "Share this page", WALK[:99], "Share this page"]),
        "\n".join([WALK, "Share", "Share"]),
    ),
}

LONGER = ESSAY + "\n" + SHORT
CHINESEWEBTEXT = {
    "quality.too_short": (SHORT, LONGER),
    "quality.short_lines": (MENU * 5, POEM),
    "quality.few_han": (ENGLISH * 3 + SHORT, ENGLISH + SHORT),
    "repetition.repeated_13_grams": ((SHORT + "\n") * 2, LONGER + "\n" + SHORT[:40]),
}
MAPNEO_AS_WRITTEN = {
    "quality.bracketed": (SHORT + "【延长开放时间的通知请看下面的表格】", SHORT + "【通知】"),
    "quality.few_sentences": (
        "图书馆从下周一起延长开放时间，每天晚上十点闭馆",
        "图书馆从下周一起延长开放时间。每天晚上十点闭馆",
    ),
    "quality.too_short": (SHORT[:49], SHORT[:50]),
    "quality.too_long": (ESSAY * 60, ESSAY * 50),
    "quality.short_words": ("我 你 他 去 来 看 说 走 跑 吃 喝 睡", SHORT),
    "quality.long_words": ("internationalization parameterization " * 5, SHORT + " internationalization"),
    "quality.too_many_hashes": ("#图书 #馆藏 #开放 " * 9, SHORT + "##########"),
    "quality.too_many_ellipses": ("好……嗯……哦……行……" * 5, SHORT + "…………"),
    "quality.too_many_digits": (SHORT + "13800138000 4001-820-820 " * 4, SHORT + "13800138000"),
    "quality.mostly_more_lines": ("\n".join(["新闻 更多", SHORT, "公告 展开"]), "\n".join([ESSAY, "新闻 更多"])),
    "quality.too_many_bullets": (
        "\n".join(f"●{line}" for line in QUESTIONS),
        "\n".join([*QUESTIONS[:3], *(f"●{line}" for line in QUESTIONS)]),
    ),
    "quality.no_punctuation": (SHORT.replace("，", " ").replace("。", " "), SHORT.replace("，", " ")),
    "quality.few_distinct_chars": ((SHORT + "\n") * 15, (SHORT + "\n") * 3),
    "quality.low_entropy": ("哈哈哈，嘿嘿嘿。" * 10, SHORT),
}
MAPNEO_AS_MEANT = {
    **MAPNEO_AS_WRITTEN,
    "quality.mostly_more_lines": ("\n".join(["他说。。。", SHORT, "她也说。。。"]), "\n".join([ESSAY, "他说。。。"])),
    "repetition.top_2_gram": ("哈哈" * 40 + SHORT, "哈哈" * 8 + SHORT),
    "repetition.top_3_gram": ("顶起来" * 15 + SHORT, "顶起来" * 4 + SHORT),
    "repetition.top_4_gram": ("恭喜发财" * 12 + SHORT, "恭喜发财" * 4 + SHORT),
    **{f"repetition.repeated_{n}_grams": ((SHORT + "\n") * 3, half_again(ESSAY, 0.3)) for n in range(5, 11)},
}
BLOOM_ZH = {
    "quality.few_words": ("。！？", "好。"),
    "quality.too_many_words": ("我们在这里。" * 340_000, "我们在这里。" * 300_000),
    "quality.too_many_special_chars": (SHORT + "1234567890 " * 6, SHORT + "1234567890 " * 2),
    "quality.few_stop_words": (KEYWORDS, SHORT),
    "repetition.frequent_3_grams": ("欢迎光临本店。" * 10, SHORT),
    "repetition.repeated_word_5_grams": ((SHORT + "\n") * 2, SHORT + "\n" + SHORT[:60]),
}
PAIRS = {
    "curate_zh": CURATE_ZH,
    "fineweb2_zh": FINEWEB2_ZH,
    "gopher_en": GOPHER_EN,
    "c4_en": C4_EN,
    "fineweb_en": FINEWEB_EN,
    "chinesewebtext": CHINESEWEBTEXT,
    "mapneo_as_written": MAPNEO_AS_WRITTEN,
    "mapneo_as_meant": MAPNEO_AS_MEANT,
    "bloom_zh": BLOOM_ZH,
}
"""Profile to reason to two texts: one that is dropped for it, and one close to it that is not."""
