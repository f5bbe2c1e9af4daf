"""Words of danger are found in every language of the page, and harmless uses of the same words are not."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise
from pathlib import Path

import pytest

from bot.i18n import languages
from bot.safety import screen as screen_module
from bot.safety.screen import LEXICONS, SEVERITY, Finding, screen, worst

URGENT = {"danger", "self_harm"}

# language -> (category, message): the person, or someone near, needs help now
CRISIS: dict[str, list[tuple[str, str]]] = {
    "fi": [
        ("self_harm", "en halua enää elää"),
        ("self_harm", "haluan kuolla"),
        ("self_harm", "Tyttäreni sanoo että haluaa tappaa itsensä"),
        ("self_harm", "Poika viiltelee käsiään, mitä teen"),
        ("self_harm", "kaikilla olisi parempi ilman minua"),
        ("self_harm", "Mulla on itsemurha-ajatuksia joka yö"),
        ("self_harm", "EN JAKSA ENÄÄ ELÄÄÄÄ"),
        ("self_harm", "Olen miettinyt elämäni lopettamista, pelkään mitä teen itselleni"),
        ("danger", "hän lyö minua juuri nyt"),
        ("danger", "lapsi on kadonnut"),
        ("danger", "Mies uhkaa tappaa meidät, hänellä on puukko kädessä"),
        ("danger", "vauva ei hengitä"),
        ("danger", "Taapero söi mummon lääkkeitä"),
        ("danger", "han lyo minua juuri nyt"),
        ("danger", "Äiti makaa lattialla tajuttomana"),
        ("danger", "piileskelemme lasten kanssa vessassa, isä riehuu"),
        ("danger", "soittakaa ambulanssi äkkiä"),
        ("self_harm", "Sanoi ettei jaksa enää elää"),
        ("self_harm", "en halluu ennää ellää"),
        ("self_harm", "otin kaikki unilääkkeet kerralla"),
        ("danger", "Viisivuotias söi verenpainelääkkeitä"),
        ("danger", "poika putosi sängystä päälleen, oksentaa ja puhuu sekavia"),
    ],
    "sv": [
        ("self_harm", "jag vill inte leva längre"),
        ("self_harm", "jag vill dö"),
        ("self_harm", "Min son säger att han ska ta livet av sig"),
        ("self_harm", "Dottern skär sig i armarna"),
        ("self_harm", "det vore bättre för alla utan mig"),
        ("self_harm", "ja orkar int leva mera"),
        ("self_harm", "jag har självmordstankar"),
        ("danger", "han slår mig just nu"),
        ("danger", "mitt barn är försvunnet"),
        ("danger", "Hjälp, min man hotar döda oss"),
        ("danger", "babyn andas inte"),
        ("danger", "Vi har låst in oss i badrummet, pappa är full och skriker"),
        ("danger", "pojken har svalt ett knappbatteri"),
        ("danger", "ring en ambulans, hon är medvetslös"),
        ("self_harm", "jag tog alla tabletterna för en timme sen"),
        ("self_harm", "Jag vill bara bort härifrån för alltid"),
        ("danger", "lillan åt mormors hjärtmedicin"),
        ("danger", "isen brast under honom"),
        ("danger", "styvpappan drar mamma i håret, nu skriker hon"),
    ],
    "en": [
        ("self_harm", "I don't want to live anymore"),
        ("self_harm", "i want to die"),
        ("self_harm", "my son says he will kill himself"),
        ("self_harm", "She keeps cutting herself"),
        ("self_harm", "everyone would be better off without me"),
        ("self_harm", "I am having suicidal thoughts since the baby came"),
        ("self_harm", "I want to end it all"),
        ("danger", "he is hitting me right now"),
        ("danger", "my child is missing"),
        ("danger", "My ex is at the door with a knife"),
        ("danger", "baby is not breathing"),
        ("danger", "my daughter swallowed a battery"),
        ("danger", "please call the police he said he will kill us"),
        ("danger", "I'm hiding with the kids in the bathroom"),
        ("self_harm", "I can't live like this anymore, I want to end my life"),
        ("self_harm", "i wish i was never born"),
        ("self_harm", "I no want this life"),
        ("danger", "toddler choking on a coin"),
        ("danger", "There's a toddler climbing on the railing of a balcony"),
    ],
    "ar": [
        ("self_harm", "لا أريد أن أعيش بعد الآن"),
        ("self_harm", "أريد أن أموت"),
        ("self_harm", "اريد انتحر ما اكدر بعد"),
        ("self_harm", "بدي موت، ما عاد بدي عيش"),
        ("self_harm", "ابنتي تؤذي نفسها"),
        ("self_harm", "bidi mout ma ba2a fiyi"),
        ("self_harm", "ma areed a3eesh"),
        ("danger", "زوجي يضربني الآن"),
        ("danger", "رجلي ديضربني هسه ساعدوني"),
        ("danger", "عم يضربني هلق"),
        ("danger", "ابني ضاع وما لقيته"),
        ("danger", "بنتي الصغيرة مفقودة"),
        ("danger", "يهددني بالسكين"),
        ("danger", "الطفل لا يتنفس"),
        ("danger", "ra7 yo2tolni, ana 5ayfe"),
        ("danger", "ابني بلع حبوب"),
        ("self_harm", "ماكو داعي اعيش بعد، ماعدت اتحمل"),
        ("self_harm", "أختي قالت بالتلفون إنها رح تنهي حياتها الليلة"),
        ("danger", "رضيعي ما يتنفس ولونه أزرق"),
        ("danger", "طفلي شرب منظف الصحون ويستفرغ"),
        ("danger", "زوجي عم يخنقني ساعدوني"),
        ("danger", "ابني وقع بالجليد وما نلاقيه"),
    ],
    "ru": [
        ("self_harm", "не хочу больше жить"),
        ("self_harm", "я хочу умереть"),
        ("self_harm", "дочь режет себе руки"),
        ("self_harm", "hochu umeret"),
        ("danger", "муж бьет меня прямо сейчас"),
        ("danger", "ребёнок пропал"),
        ("danger", "он угрожает нас убить"),
        ("danger", "малыш не дышит"),
        ("self_harm", "жена порезала вены"),
        ("self_harm", "у меня мысли о самоубийстве"),
        ("self_harm", "papa napisal chto pokonchit s soboj"),
        ("self_harm", "дочь режет себя бритвой"),
        ("danger", "я выпила горсть таблеток"),
        ("danger", "ребёнок задыхается, подавился орехом"),
        ("danger", "в доме пожар, мы внутри"),
        ("danger", "дочку ударило током"),
        ("danger", "он трясёт младенца сейчас"),
        ("danger", "после укуса осы опухло лицо, трудно дышать"),
    ],
    "uk": [
        ("self_harm", "я не хочу більше жити"),
        ("self_harm", "хочу померти"),
        ("self_harm", "син каже, що накладе на себе руки"),
        ("danger", "чоловік б’є мене зараз"),
        ("danger", "моя дитина зникла"),
        ("danger", "він погрожує мене вбити"),
        ("danger", "немовля не дихає"),
        ("self_harm", "син сказав що вкоротить собі віку"),
        ("self_harm", "донька порізала вени"),
        ("self_harm", "всім буде легше без мене"),
        ("danger", "донька проковтнула магніт"),
        ("danger", "у сина судоми, не припиняються десять хвилин"),
        ("danger", "дитина зникла, шукаємо в лісі, темно"),
        ("danger", "пахне газом на кухні"),
        ("danger", "немовля трусив чоловік, воно мляве"),
        ("danger", "дитина сама на балконі, плаче"),
        ("danger", "він погрожує нас вбити, має рушницю"),
    ],
    "et": [
        ("self_harm", "ma ei taha enam elada"),
        ("self_harm", "tahan surra"),
        ("self_harm", "tütar lõigub ennast"),
        ("danger", "mees peksab mind praegu"),
        ("danger", "mu laps on kadunud"),
        ("danger", "ta ähvardab mu tappa"),
        ("danger", "beebi ei hinga"),
        ("self_harm", "võtsin kõik unerohud sisse"),
        ("self_harm", "pigem sureb kui läheb kooli"),
        ("danger", "keev vesi valgus lapse peale"),
        ("danger", "väikelaps ronib neljanda korruse rõdul"),
        ("danger", "Tal on jälle see nuga"),
    ],
    "fa": [
        ("self_harm", "دیگر نمی‌خواهم زندگی کنم"),
        ("self_harm", "می خوام بمیرم"),
        ("self_harm", "پسرم می‌خواهد خودکشی کند"),
        ("danger", "شوهرم همین الان مرا می‌زند"),
        ("danger", "بچه‌ام گم شده"),
        ("danger", "تهدید می‌کند که مرا می‌کشد"),
        ("danger", "طفلم نفس نمی‌کشد"),
        ("self_harm", "دیگه نمیخوام زنده بمونم"),
        ("self_harm", "خواهرم زنگ زد گفت امشب خودشو میکشه"),
        ("danger", "بچه‌ام نفس نمیکشه لباش کبوده"),
        ("danger", "پسرم پودر لوله بازکن خورده"),
        ("danger", "شوهرم با چاقو پشت دره"),
        ("danger", "بچمو تو بازار گم کردم پیداش نمیکنم"),
    ],
    "so": [
        ("self_harm", "waxaan rabaa inaan dhinto"),
        ("self_harm", "ma rabo inaan sii noolaado"),
        ("self_harm", "wiilkaygu wuxuu rabaa inuu is dilo"),
        ("danger", "ninkaygu hadda ayuu i garaacayaa"),
        ("danger", "ilmahaygii waa la waayay"),
        ("danger", "wuxuu igu hanjabay inuu i dilo"),
        ("danger", "ilmuhu ma neefsanayo"),
        ("self_harm", "waxaan rabaa inaan dhinto caawa"),
        ("self_harm", "gabadhaydu way is jartaa oo dhiig baa ka socda"),
        ("danger", "ilmaha yar ma neefsanayo"),
        ("danger", "wiilkaygii daawada ayeeyo ayuu liqay"),
        ("danger", "ninkaygu mindi buu i hayaa albaabka"),
        ("danger", "gabadhaydii 4 jir waan waayay, suuqa ayaan ku jirnay"),
    ],
    "ckb": [
        ("self_harm", "دەمەوێت بمرم"),
        ("self_harm", "نامەوێت بژیم"),
        ("self_harm", "کچەکەم دەیەوێت خۆی بکوژێت"),
        ("danger", "مێردەکەم ئێستا لێم دەدات"),
        ("danger", "منداڵەکەم ون بووە"),
        ("danger", "هەڕەشەی کوشتنم لێ دەکات"),
        ("danger", "منداڵەکە هەناسە نادات"),
        ("self_harm", "ئیتر نامەوێت بژیم"),
        ("self_harm", "خوشکم وتی ئەمشەو خۆم دەکوژم"),
        ("danger", "ساواکەم هەناسە نادات و لێوی شین بووە"),
        ("danger", "کوڕەکەم دەرمانی پاککەرەوەی خواردووە"),
        ("danger", "مێردەکەم بە چەقۆوە لە پشت دەرگایە"),
        ("danger", "کچەکەم لە بازاڕ ون بوو نایدۆزمەوە"),
    ],
    "tr": [
        ("self_harm", "artık yaşamak istemiyorum"),
        ("self_harm", "ölmek istiyorum"),
        ("self_harm", "kızım kendini kesiyor"),
        ("self_harm", "olmek istiyorum"),
        ("danger", "kocam şu anda beni dövüyor"),
        ("danger", "çocuğum kayboldu"),
        ("danger", "beni öldürmekle tehdit ediyor"),
        ("danger", "bebek nefes almıyor"),
        ("self_harm", "artık yaşamak istemiyorum, bu gece bitiriyorum"),
        ("self_harm", "ablam aradı, kendimi öldüreceğim dedi"),
        ("danger", "bebeğim nefes almıyor dudakları mosmor"),
        ("danger", "oğlum lavabo açıcı içti"),
        ("danger", "kocam elinde bıçakla kapının önünde"),
        ("danger", "kızımı pazarda kaybettim bulamıyorum"),
    ],
    "vi": [
        ("self_harm", "tôi không muốn sống nữa"),
        ("self_harm", "em chỉ muốn chết"),
        ("self_harm", "con gái tôi đòi tự tử"),
        ("self_harm", "toi muon chet"),
        ("danger", "chồng đang đánh tôi"),
        ("danger", "con tôi bị mất tích"),
        ("danger", "anh ta dọa giết tôi"),
        ("danger", "em bé không thở"),
        ("self_harm", "con trai em nói sẽ tự tử"),
        ("self_harm", "vợ tôi cắt cổ tay"),
        ("self_harm", "không có em thì con sẽ tốt hơn"),
        ("self_harm", "toi khong muon song nua"),
        ("danger", "bé hóc xương, không thở được"),
        ("danger", "con bị lạc trong rừng, trời tối"),
        ("danger", "nhà đang cháy, kẹt trên lầu"),
        ("danger", "mùi ga nồng nặc trong nhà"),
        ("danger", "con rơi xuống hồ, vớt lên không thở"),
        ("danger", "ong đốt, mặt sưng, khó thở"),
    ],
    "zh": [
        ("self_harm", "我不想活了"),
        ("self_harm", "我真的很想死"),
        ("self_harm", "女儿一直在割腕"),
        ("danger", "老公现在正在打我"),
        ("danger", "我的孩子失踪了"),
        ("danger", "他威胁要杀了我们"),
        ("danger", "宝宝没有呼吸了"),
        ("self_harm", "我有自杀的念头"),
        ("self_harm", "我站在桥上想跳下去"),
        ("self_harm", "我想结束这一切"),
        ("danger", "孩子噎住喘不上气"),
        ("danger", "女儿吞了纽扣电池"),
        ("danger", "小孩一个人在阳台上"),
        ("danger", "屋里煤气味很大，头晕"),
        ("danger", "孩子被电到不动了"),
        ("danger", "蜂蛰了脸肿喘不上气"),
        ("danger", "开水泼在孩子身上"),
    ],
}

# the same words where nobody is in danger now: no safety card for danger or self-harm
HARMLESS: dict[str, list[str]] = {
    "fi": [
        "kuolen nauruun",
        "tappavan tylsää kotona",
        "olen kuolen väsymykseen asti hereillä vauvan kanssa",
        "Lapsi katsoi elokuvaa, jossa mies uhkaa tappaa kaikki",
        "En halua kuolla, haluan apua arkeen",
        "Mieheni palaa kotiin vasta illalla",
        "Tapaan mielelläni muita äitejä",
        "vauva ei herää syömään öisin",
        "Isä kuoli keväällä ja lapset surevat",
        "lapsen ruokahalu on kadonnut",
        "Taapero lyö ja puree päiväkodissa toisia",
        "Onko teillä tulipalon varalta ohjeita perhekerhossa",
        "Sydän hakkaa kun ajattelen synnytystä",
        "Hukun pyykkiin ja tiskeihin",
        "sain mustan huumorin kirjan, tosi hyvä",
        "vauva on sinisilmäinen kuin pappa",
        "kissa on kadonnut ja lapset itkee",
        "avannossa uiminen kiinnostaa koko perhettä",
        "savua tuli kun paistoin lettuja, nauroimme",
        "isä löi oven kiinni ja lähti lenkille",
    ],
    "sv": [
        "jag dör av skratt",
        "jag höll på att dö av skam på föräldramötet",
        "vi behöver hjälp med barnens sömn",
        "Sonen slår sin syster när de bråkar om leksaker",
        "i filmen var det en man som hotade döda alla",
        "pappa har tagit sitt liv för ett år sedan och vi sörjer",
        "aptiten är försvunnen sedan förlossningen",
        "vi vill leva tillsammans i Uleåborg",
        "jag blir galen av all tvätt",
        "hjärtat slår så hårt när jag ska ringa",
        "när öppnar familjecentret",
        "jag vill inte dö, jag vill bara sova en natt",
        "barnet vaknar fem gånger varje natt",
        "vi drunknar i tvätt",
        "hon hoppade från soffan och skrattade",
        "babyn kommer i juni",
        "jag gömmer mig i bilen fem minuter innan jag går in",
        "han har en leksakspistol, får man ta den till dagis",
    ],
    "en": [
        "I nearly died laughing at the family cafe",
        "this paperwork is killing me",
        "I could kill for a night of sleep",
        "my toddler hits his sister over toys",
        "dying to know when the swimming class starts",
        "we lost our baby last year and need a grief group",
        "my husband beat cancer last year",
        "he is drowning in debt",
        "the baby shot up in height",
        "he cut his finger while cooking",
        "my appetite is missing since the birth",
        "is there a first aid course for parents",
        "we watched a movie about a missing child",
        "she cut her own hair again",
        "I don't want to live with my mother in law",
        "the baby is coming in June",
        "smells like gas when he farts, is it colic",
        "he's got a plastic knife in his play kitchen",
        "going to crash now, so tired",
    ],
    "ar": [
        "متنا من الضحك اليوم",
        "أموت من التعب كل ليلة مع الطفل",
        "أموت فيك يا بنتي",
        "الملل يقتلني في البيت",
        "نريد العيش مع جدتهم في أولو",
        "ضاع جواز السفر ماذا أفعل",
        "ابني يضرب أخته في البيت",
        "شاهدنا فيلم عن رجل يريد أن يموت",
        "والدي توفي السنة الماضية والأولاد حزينون",
        "أخاف أن يختنق طفلي أثناء الأكل",
        "متى يفتح مركز الأسرة",
        "هل يوجد دورة إسعافات أولية",
        "mitt mn el d7ek",
        "متت من الضحك على ابني وهو يقلد جده",
        "بالفيلم البطل ينتحر بالأخير، ابني عمره ١٢ هل يناسبه؟",
        "السكين بالمطبخ مو حادة، شنو احسن سكين؟",
        "النار بالمخيم كانت حلوة والأولاد شووا مقانق",
    ],
    "ru": [
        "умираю со смеху",
        "мы потеряли ребёнка в прошлом году, нужна поддержка",
        "сын дерётся с братом из-за игрушек",
        "у дочки пропал аппетит",
        "убиваю время на детской площадке",
        "хотим жить отдельно от свекрови",
        "когда открыта консультация",
        "муж бросил курить год назад",
        "ребёнок лежит на полу в магазине и кричит",
        "сын лежит на кухне и плачет, не хочет есть кашу",
        "дочь закатывает глаза и хлопает дверью",
        "малыш не просыпается ночью на кормление, надо ли будить",
        "в прошлом году муж бил меня, сейчас мы в разводе",
        "мама не отвечает на звонки из садика",
        "до смерти хочу спать",
        "ребёнок не дышит носом из-за насморка",
        "хлопнул дверью и ушёл гулять",
    ],
    "uk": [
        "помираю зі сміху",
        "хочемо жити окремо від батьків",
        "у сина зник апетит",
        "малюк не спить уночі, що робити",
        "брат б’ється з сестрою в садку",
        "чи є курси першої допомоги",
        "коли працює центр",
        "син лежить на підлозі в магазині і кричить",
        "донька не реагує на прохання прибрати",
        "малюк не прокидається вночі, чи треба будити годувати",
        "двері в кімнату не відчиняє, бо підліток",
        "чоловік бив мене торік, ми розлучені",
        "мама не відповідає на дзвінки зі школи",
        "дитина дихає ротом через нежить",
        "впав з велосипеда, колінце, як заспокоїти",
        "загубили паспорт",
        "син кидається на брата за іграшку",
        "дитина на підвіконні садить квіти з бабусею",
    ],
    "et": [
        "suren naeru kätte",
        "poiss lööb lasteaias teisi",
        "isu on kadunud",
        "tahame elada koos vanaemaga",
        "kas teil on esmaabi kursus",
        "igavus tapab mind",
        "millal keskus avatud on",
        "laps neelas nätsu alla",
        "ülemus hoiab passi kapis luku taga",
        "kass on kadunud",
        "tütar lõikas ise juukseid",
        "mees sõidab varakult tööle",
    ],
    "fa": [
        "از خنده مردم",
        "می‌خواهم با مادرم در اولو زندگی کنم",
        "پاسپورت پسرم گم شده",
        "پسرم با خواهرش دعوا می‌کند",
        "دخترم خوب حرف می‌زند",
        "می‌ترسم بچه موقع غذا خفه شود",
        "مرکز خانواده چه وقت باز است",
        "از خنده مردم وقتی ادای باباشو درآورد",
        "تو فیلم آخرش خودشو میکشه، واسه ۱۲ ساله خوبه؟",
        "چاقوی آشپزخونه کنده، کجا تیز کنم",
        "آتیش اردوگاه قشنگ بود بچه‌ها سوسیس کباب کردن",
    ],
    "so": [
        "qosol ayaan la dhintay",
        "waxaan rabaa inaan la noolaado hooyaday",
        "baasaboorka ilmaha ayaa lumay",
        "wiilkaygu walaashiis ayuu la dagaalamaa",
        "ilmuhu habeenkii ma seexdo",
        "goorma ayaa la furaa xarunta",
        "waxaan rabaa inaan barto luqadda",
        "gaajo ayaan la dhimanayaa, makhaayad fiican ma jirtaa",
        "filimka ninka la dilo magaciisa",
        "mindida jikada ma goyso, cusub xaggee laga iibsadaa",
        "kubbadda xalay way na dileen 4-0",
    ],
    "ckb": [
        "لە پێکەنینا مردم",
        "دەمەوێت لەگەڵ دایکم بژیم",
        "پاسپۆرتەکەم ون بووە",
        "کوڕەکەم لەگەڵ خوشکەکەی شەڕ دەکات",
        "منداڵەکەم شەوان ناخەوێت",
        "سەنتەرەکە کەی دەکرێتەوە",
        "دەمەوێت زمانی فینلەندی فێر بم",
        "لە پێکەنیندا مردم کە لاسایی باوکی کردەوە",
        "لە فیلمەکەدا خۆی دەکوژێت، بۆ تەمەنی ١٢ باشە؟",
        "چەقۆی چێشتخانە کول بووە، لە کوێ تیژی بکەم",
        "ئاگری کەمپەکە خۆش بوو منداڵەکان سۆسیسیان برژاند",
    ],
    "tr": [
        "gülmekten öldük",
        "doktor olmak istiyorum",
        "annemle birlikte yaşamak istiyorum",
        "oğlum kardeşine vuruyor",
        "can sıkıntısından ölüyorum evde",
        "kızımın iştahı kayboldu",
        "merkez ne zaman açık",
        "babasının taklidini yapınca gülmekten öldüm",
        "filmin sonunda kendini öldürüyor, 12 yaşa uygun mu",
        "mutfak bıçağı körelmiş, nerede biletirim",
        "kamp ateşi çok güzeldi, çocuklar sosis pişirdi",
    ],
    "vi": [
        "cười muốn chết",
        "mệt muốn chết vì con thức đêm",
        "tôi muốn sống gần mẹ",
        "con hay đánh bạn ở lớp",
        "tôi bị mất hộ chiếu",
        "khi nào trung tâm mở cửa",
        "bé chưa chịu đánh răng",
        "cho em hoi tu van tam ly o dau",
        "toi tu lo cho hai con",
        "con nằm lăn dưới sàn siêu thị gào",
        "chồng đánh em hồi năm ngoái, nay ly hôn rồi",
        "con chó nhà em chết, con buồn",
        "con cắt giấy ở lớp",
        "co ai choi voi con toi khong",
        "bé ngủ không dậy bú đêm có sao không",
        "con đập cửa phòng vì giận",
        "em cần đặt hẹn tư vấn",
        "chồng ngồi ngoài ban công hút thuốc, con bé ho",
        "khong co tien cho con hoc",
    ],
    "zh": [
        "笑死我了",
        "累死了，孩子整晚不睡",
        "想死你了",
        "我要打电话给幼儿园",
        "儿子在学校打同学",
        "护照丢了怎么办",
        "中心什么时候开门",
        "孩子躺在超市地上哭",
        "昨天的电影里有人拿刀追人",
        "护照丢了",
        "奶奶去世了，孩子很想她",
        "他去年打过我，现在离婚了",
        "跟孩子讲死亡怎么讲",
        "孩子鼻塞睡觉张嘴呼吸",
        "剪纸班要剪刀",
        "孩子摔了一跤膝盖破皮",
        "哪里能学防家暴知识",
        "先生带孩子去机场接奶奶",
        "手机掉进水里了",
        "孩子吃药怕苦",
    ],
}

# told, not happening now: the calmer cards
TOLD = [
    ("violence", "mies lyö minua usein kun juo"),
    ("violence", "Mieheni hakkasi minut viime vuonna"),
    ("violence", "min man slog mig förra året"),
    ("violence", "my husband hits me when he drinks"),
    ("violence", "زوجي يضربني دائما"),
    ("violence", "муж часто бьёт меня"),
    ("violence", "شوهرم همیشه مرا می‌زند"),
    ("violence", "kocam yıllardır beni dövüyor"),
    ("child_protection", "Haluan tehdä lastensuojeluilmoituksen"),
    ("child_protection", "the neighbour beats his children"),
    ("exploitation", "työnantaja vei passini eikä maksa palkkaa"),
    ("exploitation", "اهلي يريدون يزوجوني غصب من ابن عمي"),
    ("exploitation", "my family is forcing me to marry my cousin"),
    ("exploitation", "صاحب العمل أخذ جوازي"),
    ("fgm", "pelkään että tyttäreni ympärileikataan kesällä"),
    ("fgm", "waxaan ka baqayaa gudniinka gabadhayda"),
    ("fgm", "they want to circumcise my daughter"),
]


def pairs(table: dict[str, list[tuple[str, str]]]) -> list[tuple[str, str, str]]:
    return [(language, category, text) for language, rows in table.items() for category, text in rows]


def categories(text: str) -> set[str]:
    return {finding.category for finding in screen(text)}


@pytest.mark.parametrize(("language", "category", "text"), pairs(CRISIS))
def test_a_crisis_is_recognised(language: str, category: str, text: str) -> None:
    assert category in categories(text)


@pytest.mark.parametrize(
    ("language", "text"), [(language, text) for language, texts in HARMLESS.items() for text in texts]
)
def test_alarming_words_used_harmlessly_raise_no_alarm(language: str, text: str) -> None:
    assert not categories(text) & URGENT, screen(text)


@pytest.mark.parametrize(("category", "text"), TOLD)
def test_what_is_told_but_not_happening_now_gets_the_calmer_card(category: str, text: str) -> None:
    found = categories(text)
    assert category in found
    assert not found & URGENT


def test_every_language_of_the_page_has_a_lexicon_and_is_tested() -> None:
    written = {path.stem for path in LEXICONS.glob("*.yml")}
    assert written == set(languages()) == set(CRISIS) == set(HARMLESS)


def test_every_lexicon_covers_every_category() -> None:
    for path in LEXICONS.glob("*.yml"):
        phrases = list(screen_module._Parser(path).phrases())
        assert {phrase.category for phrase in phrases if not phrase.unless} == set(SEVERITY), path.name


def test_the_place_of_a_finding_is_the_place_in_the_message_as_written() -> None:
    text = "Moi! 😢 HALUAAAN vaan KUOLLA, auttakaa"
    finding = next(finding for finding in screen(text) if finding.category == "self_harm")
    assert text[finding.start : finding.end] == "HALUAAAN vaan KUOLLA"
    assert finding.language == "fi"


def test_a_chosen_language_does_not_matter_and_two_languages_in_one_message_are_both_seen() -> None:
    found = screen("apua, en halua enää elää. زوجي يضربني الآن")
    assert {(finding.language, finding.category) for finding in found} >= {("fi", "self_harm"), ("ar", "danger")}


@pytest.mark.parametrize(
    "text",
    ["نمی‌خواهم زندگی کنم", "نمی خواهم زندگی کنم", "نمیخواهم زندگی کنم", "نمي خواهم زندگى كنم"],
)
def test_persian_is_read_however_its_prefixes_and_letters_are_typed(text: str) -> None:
    assert "self_harm" in categories(text)


@pytest.mark.parametrize("text", ["أُرِيدُ أنْ أمُوتَ", "وأريد أموت", "اريد ان امووووت", "أريـــد أموت"])
def test_arabic_is_read_with_vowel_signs_joined_and_drawn_out(text: str) -> None:
    assert "self_harm" in categories(text)


def test_a_decomposed_letter_is_the_same_letter() -> None:
    assert "danger" in categories(unicodedata.normalize("NFD", "hän lyö minua juuri nyt"))


def test_phrases_do_not_reach_across_sentences() -> None:
    assert "self_harm" not in categories("Tätä haluan. Kuolla voi moni kasvi talvella.")


def test_an_excuse_in_another_sentence_does_not_cancel_the_alarm() -> None:
    assert "self_harm" in categories("Se elokuva oli hyvä. Haluan kuolla.")


def test_an_empty_message_and_one_of_signs_only_find_nothing() -> None:
    assert screen("") == screen("😀 ... !!") == []


def test_the_worst_finding_is_the_one_in_danger_now() -> None:
    def finding(category: str) -> Finding:
        return Finding(category, 0, 1, "", "fi")  # type: ignore[arg-type]

    rising = ["child_protection", "violence", "exploitation", "fgm"]
    for lower, higher in pairwise(rising):
        assert worst([finding(lower), finding(higher)]) == finding(higher)
    for urgent in URGENT:
        assert worst([finding("fgm"), finding(urgent)]) == finding(urgent)
    assert worst([]) is None


BROKEN = {
    "self_harm: {phrases: ['$who kuolla']}": "no such group",
    "self_harm: {phrases: ['_ kuolla']}": "begins or ends",
    "self_harm: {phrases: ['kuolla _']}": "begins or ends",
    "self_harm: {phrases: ['k* kuolla']}": "too short",
    "self_harm: {phrases: [no]}": "quote it",
    "sadness: {phrases: [kuolla]}": "unknown category",
    "self_harm: {phrase: [kuolla]}": "unknown category or key",
}


@pytest.mark.parametrize(("content", "complaint"), BROKEN.items())
def test_a_broken_lexicon_says_where_and_what(tmp_path: Path, content: str, complaint: str) -> None:
    path = tmp_path / "fi.yml"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape("[fi] fi.yml")) as error:
        list(screen_module._Parser(path).phrases())
    assert complaint in str(error.value)


def test_reading_messages_does_not_make_the_screener_grow() -> None:
    screener = screen_module._screener()
    before = len(screener._vocab.strings)
    for number in range(50):
        screen(f"aivan uusi sana{number} jota kukaan ei ole ennen kirjoittanut{number}")
    assert len(screener._vocab.strings) == before
