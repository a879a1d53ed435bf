"""Every rule of every built-in profile: a text on which it fires, and one close to it on which it does not."""

from functools import cache

import polars as pl
import pytest

from curate import judge, profiles
from curate.contracts import Documents, Line
from curate.errors import PipelineError
from curate.filters.quality import Quality
from curate.filters.repetition import Repetition

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
HEAD = "name: x\nsource: x\ndate: x\nwhy: x\ndeviations: x\n"
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
    "quality.no_punctuation": (SHORT.replace("，", " ").replace("。", " "), SHORT.replace("，", " ")),
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
PAIRS = {"curate_zh": CURATE_ZH, "fineweb2_zh": FINEWEB2_ZH}
CASES = [(profile, reason) for profile, pairs in PAIRS.items() for reason in pairs]


@cache
def lines(profile: str) -> tuple[Line, ...]:
    return Line("quality", "", Quality(profile=profile)), Line("repetition", "", Repetition(profile=profile))


@cache
def broken(profile: str, text: str) -> set[str]:
    """Reasons for which the profile drops `text`."""
    types = {name: kind for line in lines(profile) for name, kind in judge.signal_columns(line).items()}
    documents = Documents.of([text])
    signals = pl.concat([line.step.measure(documents) for line in lines(profile)], how="horizontal")
    verdict = judge.rule_frame(signals, judge.compile_rules(lines(profile), types)).row(0, named=True)
    return {reason for reason, drops in verdict.items() if drops}


@pytest.mark.parametrize(("profile", "reason"), CASES)
def test_every_rule_fires_on_its_defect_and_not_on_what_is_close(profile: str, reason: str) -> None:
    fires, close = PAIRS[profile][reason]
    assert reason in broken(profile, fires)
    assert reason not in broken(profile, close)


@pytest.mark.parametrize("profile", profiles.names())
def test_no_rule_is_without_its_two_texts(profile: str) -> None:
    rules = {f"{line.label}.{rule}" for line in lines(profile) for rule in line.step.own_rules()}
    assert rules == set(PAIRS[profile])


@pytest.mark.parametrize("kind", GOOD)
def test_curate_zh_keeps_good_text_of_any_kind_and_length(kind: str) -> None:
    assert broken("curate_zh", GOOD[kind]) == set()


def test_curate_zh_does_not_judge_by_length() -> None:
    everything = "\n\n".join(GOOD.values())
    parts = [everything[start : start + 120] for start in range(0, len(everything) - 120, 60)]
    assert {reason for part in parts for reason in broken("curate_zh", part)} <= {
        "quality.few_stop_words"
    }  # the shell commands
    assert (
        broken("curate_zh", "\n".join(f"{n}、{sentence}。" for n, sentence in enumerate(everything.split("。"))))
        == set()
    )


@pytest.mark.parametrize(
    "text",
    [
        "欢迎光临本店，全场商品八折优惠。\n" * 40,
        SHORT.encode().decode("gbk", errors="replace"),
        SHORT.encode("gbk").decode("utf-8", errors="replace").encode().decode("gbk", errors="replace"),
        SHORT.encode().decode("latin-1"),
        "".join(f"2024-{n:02}-11 {n * 37 % 97}.{n % 10} {n * 53 % 89}.{n % 7}% " for n in range(40)) + "涨跌幅数据。",
        "━━━━━━━━★★★★★★━━━━━━━━☆☆☆☆☆☆=======" * 3 + "点击进入",
    ],
    ids=[
        "a line 40 times",
        "UTF-8 read as GBK",
        "GBK read as UTF-8, then as GBK",
        "UTF-8 read as Latin-1",
        "numbers",
        "symbols",
    ],
)
def test_curate_zh_catches(text: str) -> None:
    assert broken("curate_zh", text) != set()


@pytest.mark.parametrize("profile", profiles.names())
def test_a_profile_says_where_its_numbers_come_from_and_why(profile: str) -> None:
    loaded = profiles.load(profile)
    assert loaded.name == profile
    assert min(len(loaded.source), len(loaded.why), len(loaded.deviations)) > 3 and len(loaded.why) > 200


def test_the_numbers_of_fineweb2_are_its_configuration() -> None:
    """configs/cmn_Hani.yml of FineWeb-2, and the two that its pipeline sets."""
    rules = profiles.section("fineweb2_zh", "repetition").drop
    words = {5: 0.198, 6: 0.182, 7: 0.167, 8: 0.154, 9: 0.14, 10: 0.127}
    expected = {f"repeated_{n}_grams": f"duplicate_{n}_gram_ratio > {number}" for n, number in words.items()}
    expected |= {
        f"top_{n}_gram": f"top_{n}_gram_ratio > {number}" for n, number in {2: 0.256, 3: 0.201, 4: 0.171}.items()
    }
    expected |= {
        "repeated_lines": "duplicate_line_ratio > 0.287",
        "repeated_line_chars": "duplicate_line_char_ratio > 0.1",
    }
    assert rules == expected
    quality = profiles.section("fineweb2_zh", "quality")
    assert quality.drop["few_ended_lines"] == "ended_line_ratio < 0.106"
    assert quality.drop["few_alphabetic_words"] == "alpha_word_ratio < 0.735"
    assert quality.drop["too_many_lines"] == "newline_word_ratio > 0.178"
    assert len(quality.measure["stop_words"]) == 22


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name: x\n", "source: Field required"),
        ("name: [\n", "cannot be read as a profile"),
        (
            HEAD + "filters: {length: {drop: {}}}\n",
            "says nothing about quality",
        ),
        (
            HEAD + "filters: {quality: {measure: {wrods: jieba}, drop: {}}}\n",
            "filters.quality.measure.wrods: Extra inputs are not permitted",
        ),
        (
            HEAD + "filters: {quality: {measure: {words: jieba}, drop: {}}}\n",
            "filters.quality.measure: stop_words is missing",
        ),
    ],
)
def test_a_wrong_profile_is_told_in_one_line(tmp_path_factory: pytest.TempPathFactory, text: str, message: str) -> None:
    path = tmp_path_factory.mktemp("profiles") / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(PipelineError, match=message) as caught:
        Quality(profile=str(path)).check()
    assert "\n" not in str(caught.value)
