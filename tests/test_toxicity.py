"""The filter `toxicity` on texts written for this test: advertisements, and honest pages that sound like them.

The built-in list was grown until these advertisements fell, so they say that rules work and not how many of the world's
advertisements are found: of 45 that were written before their words were on the list, it had found two.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from curate.contracts import Documents
from curate.errors import PipelineError
from curate.filters.toxicity import BUILT_IN, Toxicity, read_words
from curate.testing import check_filter

GAMBLING = [
    "【金鼎国际】新会员注册就送88元彩金，首存送100%，提款秒到账，真人荷官在线发牌，百家乐、龙虎斗、电子游艺应有尽有，二十四小时客服。",
    "北京赛车pk10精准计划群，导师带单回血，幸运飞艇、重庆时时彩、加拿大28全天稳定跟单，免费进群，加客服QQ领取体验金。",
    "香港六合彩开奖直播现场，本站提供最快六合彩资料，一肖中特、平特一肖长期免费公开，曾道人、白小姐资料每期更新。",
    "想玩真钱斗地主、真钱牛牛？来星云棋牌娱乐，上分下分秒到账，注册送18元，每日返水1.2%，全民代理月入十万不是梦。",
    "世界杯足球投注首选平台，全网最高赔率，滚球盘口齐全，体育投注、电竞投注一站式体验，大额无忧，提款秒到，信誉平台值得信赖。",
    "最新网址发布：葡京娱乐场官网登录入口，真人视讯、老虎机游戏、捕鱼平台，开户即送彩金，存款优惠不断，欢迎注册体验。",
    "澳门皇冠现金网开户，皇冠体育投注网址，在线投注百家乐网站，返点高，信誉担保，代理加盟返佣金高达百分之五十。",
    "玩腾讯分分彩的老板看过来，计划员一对一带你回血，稳赚计划准确率百分之九十八，时时彩、快三计划每天公布，先盈利后收费。",
    "网上赌场哪家好？推荐太阳城娱乐，美女荷官陪你玩百家乐游戏，首存优惠最高八千八，日日返水无上限，手机扫码即可下载客户端。",
    "天天有红包，周周有惊喜！棋牌娱乐城最新上线，百人牛牛、炸金花、二八杠等你来战，充值一百送三十八，支付宝微信均可充值，提现五分钟到账，诚邀各地代理合作。",
    "威尼斯人网上娱乐，赢钱就来这里。开户免费试玩，七乘二十四小时存取款，百家乐、轮盘、骰宝真人直播，信誉第一，绝不拖欠。",
    "2023最新足球外围网站，欧洲杯买球就上这里，支持虚拟币充值，串关奖金翻倍，滚球实时赔率，首充百分百赠送。",
    "BET365中文官网，亚洲最具公信力的体育博彩公司，提供足球、篮球、电竞投注，注册即享百分之百首存红利。",
    "大发云系统全新改版，信用盘、现金盘均可开，彩种齐全，赔率九块九八，凭本事赚钱，总代直招，日量大者可谈占成，飞机联系。",
    "最稳的PC蛋蛋、加拿大、比特币28群，进群先送十八，天天有流水彩，回水百分之八，玩家介绍玩家另有奖励，财务秒上秒下。",
    "澳门六合开奖结果记录，今晚特马开什么生肖？内幕玄机图、跑狗图、四不像图片，心水论坛高手免费公开八码。",
    "麻将开挂神器，微乐、大唐、闲逸等全国手机麻将通用，自动胡牌、看牌透视，包教包会，无效退款，加客服微信下载。",
    "亚博app官方下载，竞猜英超、西甲，玩法丰富，极速出款，三重好礼等你拿，会员晋级彩金一生一次。",
    "PG电子、PP电子官网试玩，麻将胡了爆分技巧，赏金女王，免费旋转，注册领八十八，USDT充提无忧。",
    "金花三公德州大厅全新升级，线下推广员招募，房卡批发一手货源，俱乐部加入即送积分，可兑换现金，每天都有人赢走几千块。",
    "快来加入幸运彩世界，投一块赢九千，每期五分钟，百分百公平，新人礼包八十八，连续签到七天再得彩金，提款零手续费。",
    "买球上星辉，赔率高到账快，足球篮球网球随心投注，首次存款翻倍，VIP返水无上限，线上客服贴心解答。",
    "香港正版挂牌，今期三十码，一句话中特诗，平肖平码，六合神算网全年资料，想发财请收藏。",
    "老虎机送五十八试玩金，电子游戏三千多款，PT、MG、AG平台任您玩，爆分率高，支持微信存款，提款三分钟。",
]
ADULT = [
    "同城约炮软件下载，附近寂寞少妇等你来，激情视频一对一裸聊，新用户免费看，加微信领取福利视频，每天更新主播大秀。",
    "本市高端外围模特、兼职学生妹上门服务，包夜价格实惠，莞式全套服务，照片真实，见人付款，不满意可换人。",
    "成人电影在线观看，亚洲无码、欧美性爱、国产自拍、制服丝袜应有尽有，免费看片无需下载，永久地址请收藏。",
    "午夜福利影院，国产精品视频一区二区三区，久久综合，日韩av在线播放，人妻熟女系列每日更新，点击进入。",
    "专业销售听话水、迷情药、催情药，无色无味，货到付款，另有印度神油和延时喷剂，增大增粗，持久不射，保密发货。",
    "深夜福利直播平台，裸舞主播激情大秀，大尺度直播无限制，进群看私密直播，宅男福利一次看个够，扫码安装黄播盒子。",
    "色情小说网提供乱伦小说、人妻小说、激情小说在线阅读，她浪叫着张开双腿，肉棒插入蜜穴，更多精彩章节请充值。",
    "喝茶资源分享，品茶微信一对一，楼凤、外围女实时更新，空降妹子半小时到达酒店，口活好，满意付款。",
    "正规炮房，可约可飞，本地妹子真实照片，学生、白领、少妇随你挑，价格三百到八百，快餐、过夜都可以，需要的私聊。",
    "高清无码在线视频免费观看，国产、日韩、欧美、动漫、三级应有尽有，最新地址发布页，记得收藏防丢失。",
    "夜间寂寞难耐？下载本软件立刻匹配附近的单身美女，视频裸聊私密空间，首次免费，真人认证，线下可见面。",
    "极品嫩模酒店上门，全国一线城市均有资源，安全可靠，先验人后付款，诚信经营五年，老客户八折。",
    "免费成人在线，91视频，老湿影院，亚洲一区，看片就上这里，手机在线播放，少女嫩穴高清大图。",
    "寻找寂寞富婆，重金求子，健康男士，体面住所，一次补偿五万，成功孕后再付八十万，电话直接联系本人，非诚勿扰。",
    "长沙会所水疗spa，全城最顶级的佳丽，双飞、冰火、毒龙，各式服务应有尽有，六九八起，预约咨询经理，带你嗨翻天。",
    "伟哥、万艾可正品批发，让男人重振雄风，延长两小时，女用喷雾催情香水，隐私包装，次日到货。",
    "上门服务空姐、模特、在校大学生，身材火辣，温柔体贴，包您满意，十五分钟到达您的房间，电话预约。",
    "18禁网站合集，熟妇乱伦、强奸迷奸、学生自拍，高清资源不卡顿，未满十八岁禁止进入，本站永久免费。",
    "寂寞的夜想要人陪吗？加小姐姐微信看私房视频，一对一定制，语音叫床，原味丝袜内裤出售，非诚勿扰。",
    "上海高端商务伴游，女大学生、网红、平面模特，可陪玩陪睡，价格透明，预约请加经纪人电报。",
    "她的奶子又大又白，我忍不住把粗大的阳具插了进去，她淫水直流，不停地浪叫，我们换着姿势干了一整夜。",
]
LOANS = [
    "急用钱找我！不看征信、不查征信，黑户可贷，仅凭身份证，十分钟下款，前期不收任何费用，下款后收费，加微信咨询。",
    "私人放款，无抵押无担保，当天放款，凭身份证即可办理，利息低至五厘，征信花、有逾期也能做，电话同微信，二十四小时在线。",
    "内部网贷口子大全，强制下款，百分百通过，秒批秒下款，无视黑白，额度五千到五万，每天更新下款口子，进群免费领取。",
    "花呗套现、白条套现、信用卡代还，秒到账，手续费全网最低，信用卡提额、养卡提额，代办大额信用卡，不成功不收费。",
    "征信修复，消除逾期记录，洗白征信不留痕，贷款包装，包装流水，黑户变白户，先办事后付款，全国可操作。",
    "车主急需用钱看过来，押证不押车，当天拿钱，手续简单放款快，不看征信不看流水，不押车贷款额度高。",
    "诚招兼职刷单员，在家躺着赚钱，日赚三百到五百，佣金日结，一单一结，零风险高收益，宝妈学生均可，加QQ报名。",
    "股市老师带你炒股，免费荐股，每日推荐涨停股、黑马股，进群领取牛股，稳赚不赔，跟着操作保证盈利，名额有限。",
    "代开各类发票，真票可查，办证刻章，办理各类证件，代做流水，价格优惠，先验货后付款，联系电话微信同号。",
    "大学生贷款，无需任何抵押，身份证贷款，三分钟放款到卡，个人空放，零用贷，缺钱找我，不打电话不回访，前期零费用。",
    "还在为缺钱发愁？我公司专业办理个人信用贷款，只需身份证，额度一到五十万，当天到账，征信不好也可以办理，无需抵押，电话联系张经理。",
    "老哥们新口子来了，百分之百过，芝麻分五百五就能下两千，不上征信，秒到，链接放评论区，不过你来打我。",
    "专业代还信用卡，刷卡取现，费率千分之三，额度提升内部通道，支持上门，长期有效，欢迎来电。",
    "招聘手机兼职，工作简单，时间自由，动动手指一天三百元，不收押金，当天结算，学生宝妈上班族都能做，加我微信了解。",
    "房产抵押、汽车抵押、民间借贷，利息低，放款快，最快一小时到账，黑名单也能做，急用钱的朋友请联系。",
    "车贷、房贷、信用贷一站式办理，黑白户均可，当天下款无套路，综合费率低，芝麻分六百以上直接批，全国可做，中介勿扰。",
    "微信扫码借钱，凭手机号就能借，额度五万，三十秒出额度，一分钟到账，支持分期，首期免息，千万用户的选择。",
    "专业代办各行信用卡，不看资质，下卡快，额度三到十万，下卡后收费，另有POS机低费率出售，支持秒结。",
    "抖音点赞员、快手关注员，一个赞两块钱，多劳多得，日赚百元不是梦，零门槛不收费，微信提现当天到账，点击报名。",
    "急需资金周转的老板看过来，凭营业执照即可放款，日息千三，空放押车都做，最快半小时到账，利息面谈。",
    "征信花了、网贷多了怎么办？专业债务重组，停息挂账，协商还款，成功率百分之九十九，帮您快速上岸，收费合理。",
    "京东白条、花呗、信用卡额度变现，商家直收，二十四小时秒回款，安全不封号，费用低至百分之五。",
    "在家就能做的副业，手工活外发，提供材料，计件结算，一天轻松两百元，押金可退，数量有限，欲报从速。",
    "内部票，各行业正规发票，增值税专用发票、普通发票都可以开，点数优惠，可先开票验证后付款，财务请收藏号码。",
    "期货喊单，白银原油现货，高手实盘直播间，胜率百分之九十五，带你抓翻倍行情，开户送保证金。",
]
HONEST = [
    "国务院新闻办昨日通报，公安机关今年共侦破跨境网络赌博案件两万余起，打掉网络赌博平台三千余个，冻结涉案资金数百亿元。专家提醒，参与网络赌博不但违法，而且十赌九输。",
    "刑法第三百零三条规定，以营利为目的，聚众赌博或者以赌博为业的，处三年以下有期徒刑、拘役或者管制，并处罚金。开设赌场的，处五年以下有期徒刑；情节严重的，处五年以上十年以下有期徒刑。",
    "澳门博彩监察协调局公布数据，五月博彩毛收入同比增长一成六。分析人士认为，贵宾厅业务收缩后，中场业务成为六家博彩企业的主要增长来源，酒店入住率也随之上升。",
    "中国福利彩票发行管理中心昨晚公布双色球开奖结果，一等奖中出七注。所筹公益金将用于养老、助残和儿童福利项目。彩民应当理性购彩，未成年人不得购买彩票。",
    "百家乐是一种纸牌游戏，起源于十五世纪的意大利，后来传入法国。牌局比较庄家和闲家手中牌点数的个位，点数接近九者获胜。概率论的教材常常用它说明庄家优势从何而来。",
    "小王在网上看到一则招聘刷单的广告，对方说日赚三百元。他先后垫付四万元，再也联系不上客服。民警说，凡是要求先垫钱的刷单都是诈骗，切勿轻信，遇事请拨打反诈专线。",
    "新葡京酒店是澳门的地标，外形如一朵盛开的莲花，由本地建筑师设计，二零零八年落成。游客可以沿着大马路步行到议事亭前地，一路看葡式碎石路和老建筑。",
    "老虎机的随机数发生器由监管机构检测。本文解释为什么玩家长期必输：返还率低于百分之百，每一次下注的期望都是负数，近失效应又使人难以停手。",
    "青春期性教育不是洪水猛兽。家长可以告诉孩子身体会发生哪些变化，为什么会有月经和遗精，怎样保护自己的隐私部位，遇到不舒服的触碰要大声拒绝并告诉信任的大人。",
    "避孕套是目前唯一既能避孕又能预防性传播疾病的避孕方式。使用前应检查有效期，性生活全程佩戴，发生破裂时可在七十二小时内服用紧急避孕药，并尽快咨询医生。",
    "宫颈癌主要由人乳头瘤病毒持续感染引起，可通过性接触传播。专家建议适龄女性接种疫苗，并定期筛查。出现不规则阴道出血时应及时到妇科就诊，不要自行用药。",
    "男性不育的常规检查包括精液分析：禁欲三到五天后留取，检查精子浓度、活力和形态。少精症患者应戒烟限酒，避免久坐和高温环境，必要时接受辅助生殖治疗。",
    "网信部门开展净网行动，依法关闭一批传播淫秽色情信息的网站和直播账号，三名犯罪嫌疑人因传播淫秽物品牟利罪被检察机关批准逮捕。市民发现色情网站可向举报中心举报。",
    "黄色是三原色之一，在色轮上与紫色相对。秋天银杏叶变黄，是因为叶绿素分解后类胡萝卜素显露出来。设计师常用黄色表示提醒，例如施工区域的警示牌。",
    "路口交通信号灯调整后，早高峰拥堵明显缓解。交警提示，入口爆满时请从东侧绕行。运动会上，国内射击名将再夺金牌，女优秀运动员代表在开幕式上宣誓。",
    "潘金莲和西门庆的故事出自水浒，后来在另一部世情小说里铺展成百回长卷。研究者多从市井生活和女性命运的角度解读，认为书中的情欲描写服务于人物的悲剧。",
    "本行个人消费贷款面向有稳定收入的客户，最高额度三十万元，期限最长三年，按月还本付息。申请时请携带身份证、收入证明和征信授权书，审批通过后五个工作日内放款。",
    "农村信用社推出小额信用贷款，农户无抵押、无担保最高可贷二十万元，利率按基准下浮。信贷员上门服务，手续简单，去年共支持一千二百户发展大棚蔬菜和养殖。",
    "个人征信报告由人民银行征信中心出具，每年可免费查询两次。不良记录自还清之日起保留五年。市场上所谓的征信修复都是骗局，切勿轻信，更不要泄露身份证号码和银行卡密码。",
    "最高人民法院修改民间借贷司法解释，以一年期贷款市场报价利率的四倍作为利率保护上限。出借人从银行套取贷款转贷的，借贷合同无效。法官提醒，借条应写明金额、期限和利率。",
    "信用卡套现是指持卡人通过虚构交易取得现金。根据司法解释，使用销售点终端为他人套现情节严重的，以非法经营罪定罪处罚。持卡人恶意透支，也可能构成信用卡诈骗罪。",
    "教育部等部门要求规范校园贷管理，未经批准的机构不得向大学生发放贷款。家庭经济困难的学生可以申请国家助学贷款，在校期间利息由财政补贴，毕业后再开始还本。",
    "纳税人可以向税务机关申请代开发票，需提交经营业务证明和身份证件。小规模纳税人月销售额未超过十万元的，免征增值税。请通过电子税务局预约办理。",
    "反诈民警走进社区：凡是自称不看征信、当天放款的网络贷款，要求先交手续费、保证金的，一律是诈骗。居民李女士差点上当，幸好接到预警电话，及时止付两万元。",
    "短跑运动员注重爆发力，膳食上要补充蛋白质。本文比较了五款运动饮料的含糖量，并说明为什么高赔率的冷门比分很难预测：足球比赛进球少，偶然因素多。",
    "丝袜起球怎么办？洗涤时放进洗衣袋，用中性洗剂，不要拧干。选购时看丹尼尔数，数字越大越厚。冬天可以选择加绒款，夏天以十五丹左右为宜。",
    "这部电视剧讲述三位姑娘在城市打拼的故事，有人做主播，有人开咖啡馆，有人考上了研究生。剧中贷款买房、加班和相亲的段落引起许多年轻观众的共鸣。",
    "警方通报，该团伙以时时彩、北京赛车、幸运飞艇等名义开设网络赌场，通过微信群发展下线，涉案金额三亿余元，十七名犯罪嫌疑人已被刑事拘留。",
    "炸金花、斗牛、二八杠都是民间常见的纸牌或骨牌玩法。炸金花每人发三张牌，豹子最大，其次是同花顺、同花、顺子和对子。家人团聚时玩几局无妨，但不要以钱财作赌注。",
    "反诈宣传周走进校园，志愿者逐一讲解刷单返利、网络贷款、冒充客服等骗局：凡是不看征信、秒下款的都是诈骗，凡是代还信用卡、征信修复的都要警惕。",
    "中介带旅行团去澳门金沙、威尼斯人度假村看表演，随后到官也街吃猪扒包。导游提醒，娱乐场内禁止拍照，未满二十一岁不得入内。",
    "我们比较了六家银行的消费贷：利率从三点四到五点八不等，最快当天放款，都要查询征信。额度三十万以内无抵押，提前还款有的收违约金，申请前请看清合同。",
    "麻将胡了的瞬间最让人高兴。四川麻将讲究血战到底，缺一门才能胡牌，牌桌上老人们边打边聊，一下午就过去了。",
    "日本动画产业白皮书显示，去年成人向作品销售额下降，流媒体版权收入占比首次过半，欧美市场增长最快，业内呼吁改善动画师待遇。",
    "网球公开赛首日，卫冕冠军轻松过关，赛后她说自己只想专注每一分。组委会表示今年奖金总额创新高，冠军可得三百万美元。",
    "产后延时使用腹带会影响恢复吗？妇产科医生建议，顺产后一周可以开始凯格尔运动，帮助盆底肌恢复，性生活应在复查之后。",
    "小说写一个镇上的裁缝铺，三个女人各怀心事。评论家认为，作者对欲望的描写克制而准确，没有一处落入俗套，却处处让人感到夏夜的闷热。",
    "证监会通报一起非法荐股案：当事人建群免费推荐牛股，再诱导客户缴纳会员费，号称稳赚不赔，最终被没收违法所得并罚款三百万元。",
    "公司招聘前台一名，要求形象气质佳，普通话标准，熟练使用办公软件，月薪五千至六千，五险一金，双休，工作地点在高新区。",
]


def reasons(texts: list[str], step: Toxicity | None = None) -> list[list[str]]:
    """The rules that each text breaks; null counts as broken."""
    step = step or Toxicity()
    measured = step.measure(Documents.of(texts))
    rules = {name: pl.sql_expr(rule).fill_null(True) for name, rule in step.own_rules().items() if rule}
    return [[name for name, broken in row.items() if broken] for row in measured.select(**rules).iter_rows(named=True)]


@pytest.mark.parametrize(
    ("category", "text"),
    [(name, text) for name, texts in (("gambling", GAMBLING), ("adult", ADULT), ("loans", LOANS)) for text in texts],
)
def test_an_advertisement_is_dropped_for_what_it_offers(category: str, text: str) -> None:
    assert category in reasons([text])[0]


def test_page_furniture_does_not_hide_three_words() -> None:
    texts = [*GAMBLING, *ADULT, *LOANS]
    wrapped = ["本站首页 关于我们 联系方式\n" * 3 + text + "\n版权所有，转载请注明出处。" for text in texts]
    words = Toxicity().measure(Documents.of(texts))["toxic_words"]
    dropped = [bool(broken) for broken, n in zip(reasons(wrapped), words, strict=True) if n >= 4]
    assert all(dropped) and len(dropped) > 40


@pytest.mark.parametrize("text", HONEST)
def test_an_honest_text_on_the_same_subject_stays(text: str) -> None:
    assert reasons([text]) == [[]]


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_words_of_warning_outweigh_what_they_warn_of() -> None:
    offer = "不看征信、当天放款，代还信用卡，进来看看。"
    assert reasons([offer, "民警提醒，这些都是诈骗：" + offer]) == [["loans"], []]


def test_a_list_without_warnings_has_a_rule_without_them(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "fruit.txt", "苹果\n香蕉\n梨子"))
    assert "warning" not in step.own_rules()["fruit"] and "fruit_words >= 3" in step.own_rules()["fruit"]
    assert reasons(["苹果香蕉梨子", "苹果，香蕉", "苹果香蕉" + "字" * 200], step) == [["fruit"], ["fruit"], []]


def test_the_filter_keeps_the_contract() -> None:
    check_filter(Toxicity())
    check_filter(Toxicity(), [*GAMBLING, "", *HONEST[:5], *LOANS])


def test_one_word_never_drops_however_short_the_text() -> None:
    assert reasons(["约炮", "约炮约炮约炮", "首存，首存，首存"]) == [[], [], []]


def test_words_and_characters_are_counted_by_category(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "list.yaml", "fruit: [苹果, 苹果派, pie]\nanimal: [猫, 苹果]\n"))
    measured = step.measure(Documents.of(["苹果派和猫猫", "苹果 苹果 Pie", "狗", ""]))
    assert measured.to_dict(as_series=False) == {
        "fruit_words": [1, 2, 0, 0],
        "fruit_char_ratio": [3 / 6, 7 / 9, 0.0, None],
        "animal_words": [1, 1, 0, 0],
        "animal_char_ratio": [2 / 6, 4 / 9, 0.0, None],
        "toxic_words": [2, 2, 0, 0],
        "toxic_char_ratio": [5 / 6, 7 / 9, 0.0, None],
    }
    assert step.signal_types() == dict(measured.schema)


def test_latin_words_match_in_three_cases_and_end_where_they_end(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "latin.txt", "pk10\nav片\ncasino\n"))
    texts = ["pk10", "PK10计划", "pk100", "xpk10", "看av片", "看mav片", "Casino!", "casinos", "cAsInO", "玩casino吧"]
    expected = [1, 1, 0, 0, 1, 0, 1, 0, 0, 1]
    assert step.measure(Documents.of(texts))["latin_words"].to_list() == expected
    assert [step.measure(Documents.of([text]))["latin_words"].item() for text in texts] == expected


def test_a_word_does_not_reach_from_one_document_into_the_next(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "own.txt", "苹果\n"))
    assert step.measure(Documents.of(["苹", "果", "苹果"]))["own_words"].to_list() == [0, 0, 1]


def test_a_slice_of_a_frame_is_read_at_its_place() -> None:
    documents = Documents.of([*GAMBLING, "pk10", *LOANS])
    sliced = Documents(documents.frame.slice(4, 9))
    assert Toxicity().measure(sliced).equals(Toxicity().measure(documents).slice(4, 9))


def test_an_empty_batch_has_columns_and_no_rows() -> None:
    measured = Toxicity().measure(Documents.of([]))
    assert dict(measured.schema) == dict(Toxicity().signal_types()) and measured.height == 0


WORDS = ["ab", "abc", "bca", "猫", "猫狗", "狗a", "cc"]


def counted_slowly(text: str) -> tuple[int, int]:
    """Different words and characters inside them, by the definition."""
    seen, chars, i = set(), 0, 0
    while i < len(text):
        here = [s for word in WORDS for s in {word, word.upper(), word.title()} if text.startswith(s, i)]
        if not here:
            i += 1
            continue
        longest = max(here, key=len)
        stop = i + len(longest)
        starts_inside = longest[0].isascii() and i > 0 and text[i - 1].isascii()
        ends_inside = longest[-1].isascii() and stop < len(text) and text[stop].isascii()
        if not (starts_inside or ends_inside):
            seen.add(longest.lower())
            chars += len(longest)
        i = stop
    return len(seen), chars


@given(texts=st.lists(st.text(st.sampled_from("abcABC猫狗鸟"), max_size=12), min_size=1, max_size=5))
def test_counts_are_those_of_the_obvious_search(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    path = tmp_path_factory.getbasetemp() / "pets.txt"
    if not path.exists():
        write(path, "\n".join(WORDS))
    measured = Toxicity(words=str(path)).measure(Documents.of(texts))
    expected = [counted_slowly(text) for text in texts]
    assert measured["pets_words"].to_list() == [words for words, _ in expected]
    ratios = [chars / len(text) if text else None for text, (_, chars) in zip(texts, expected, strict=True)]
    assert measured["pets_char_ratio"].to_list() == ratios


def test_a_long_list_finds_the_same_as_a_short_one(tmp_path: Path) -> None:
    # Beyond 32 KB of words another automaton is built.
    rng = np.random.default_rng(3)
    filler = ["".join(map(chr, rng.integers(0x4E00, 0x9FA5, 4))) for _ in range(5_000)]
    built_in = read_words(BUILT_IN)["loans"]
    (tmp_path / "longer").mkdir()
    short = Toxicity(words=write(tmp_path / "x.txt", "\n".join(built_in)))
    long = Toxicity(words=write(tmp_path / "longer" / "x.txt", "\n".join(built_in + filler)))
    documents = Documents.of(LOANS + HONEST)
    assert short.measure(documents).equals(long.measure(documents))


def test_a_plain_list_names_its_category_after_the_file(tmp_path: Path) -> None:
    step = Toxicity(words=write(tmp_path / "spam.txt", "# comment\n清仓甩卖\n\n 最后三天 \n全场一折\n"))
    assert list(step.own_rules()) == ["spam"]
    assert reasons(["清仓甩卖，最后三天，全场一折！", "明天是最后三天的第一天。"], step) == [["spam"], []]
    assert step.files() == [str(tmp_path / "spam.txt")]


def test_a_list_beside_the_built_in_one_adds_to_its_categories(tmp_path: Path) -> None:
    step = Toxicity(extend=write(tmp_path / "more.yaml", "loans: [呱呱贷]\nspam: [清仓甩卖]\n"))
    assert list(step.own_rules()) == ["gambling", "adult", "loans", "spam"]
    measured = step.measure(Documents.of(["呱呱贷不看征信，清仓甩卖"]))
    assert measured.select("loans_words", "spam_words", "toxic_words").row(0) == (2, 1, 3)


def test_renaming_a_plain_list_changes_what_is_measured(tmp_path: Path) -> None:
    one = Toxicity(words=write(tmp_path / "one.txt", "苹果"))
    two = Toxicity(words=write(tmp_path / "two.txt", "苹果"))
    assert one.measured_parameters()["categories"] != two.measured_parameters()["categories"]


def test_a_changed_list_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "own.txt"
    step = Toxicity(words=write(path, "苹果"))
    assert step.measure(Documents.of(["香蕉"]))["own_words"].item() == 0
    write(path, "香蕉")
    assert step.measure(Documents.of(["香蕉"]))["own_words"].item() == 1


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.yaml", "- 苹果\n", "expected `category:"),
        ("a.yaml", "fruit: 苹果\n", "fruit must be a list of words"),
        ("a.yaml", "fruit: []\n", "fruit must be a list of words"),
        ("a.yaml", "fruit: [123]\n", "quote those that YAML reads as numbers"),
        ("a.yaml", "水果: [苹果]\n", "cannot name a category"),
        ("a.yaml", "toxic: [苹果]\n", "cannot name a category"),
        ("a.yaml", "fruit: [苹果\n", "cannot be read as a word list"),
        ("my words.txt", "苹果\n", "cannot name a category"),
        ("empty.txt", "# nothing\n", "empty must be a list of words"),
    ],
)
def test_a_wrong_list_is_an_error_of_one_line(tmp_path: Path, name: str, content: str, message: str) -> None:
    step = Toxicity(words=write(tmp_path / name, content))
    with pytest.raises(PipelineError, match=message) as error:
        step.check()
    assert str(tmp_path / name) in str(error.value) and "\n" not in str(error.value)


def test_a_missing_list_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"none\.txt: no word list to read here"):
        Toxicity(words=str(tmp_path / "none.txt")).check()


def test_unknown_parameters_are_refused() -> None:
    with pytest.raises(ValidationError, match="word_list"):
        Toxicity.model_validate({"word_list": "x.txt"})


def test_the_built_in_list_is_clean() -> None:
    lists = read_words(BUILT_IN)
    words = [word for category in lists.values() for word in category]
    assert list(lists) == ["gambling", "adult", "loans", "warning"] and len(words) == len(set(words)) > 500
    assert min(map(len, words)) >= 2 and not any(char.isspace() for word in words for char in word)
