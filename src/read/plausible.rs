//! Which of several decodings of the same bytes is text.
//!
//! Nearly every byte sequence of one double-byte encoding is valid in the others, where it is a
//! row of rare characters and stray kana. Text in Chinese, simplified or traditional, is mostly
//! made of a few hundred characters, and the header of an order export of fewer.

/// The most frequent characters of Chinese text and those of the headers and cells of exports,
/// in both scripts, with the punctuation of both.
const COMMON: &str = "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运\
這個們來為國說時會對過發後裡種經現當沒動進樣開從實軍無與長機關點業將兩間問並應戰頭體見產話斯門東聲員論處義幾條氣題爾別變總電數報結務場計區隊統決馬書則聽達強難權設記類據邊張該規萬觀術領確傳師帶導運\
客户編编号號订訂单單商买買卖賣家购購支付款额額价價费費店铺鋪省县縣街路村楼樓室收货貨地址姓名称稱手机電话話邮郵备備注註状狀态態交易流水渠道类類型商品件数數量退创創建完成更新元角分合计計优惠優折扣积積会會员員卡券微信宝寶淘抖京东東拼多直播门門号區区广廣州深圳京沪滬北南杭成都重庆慶武汉漢天津台湾灣香港澳张張李王刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹袁邓鄧许許傅沈曾彭吕呂三四五六七八九十百千\
，。、：；（）！？《》“”￥％＃－／０１２３４５６７８９";

/// How much a decoded text looks like one: the share of its other than ASCII characters that
/// are frequent, less those that stand in no Chinese text. 1 if there are none.
#[must_use]
pub fn plausibility(text: &str) -> f64 {
    let (mut all, mut common, mut strange) = (0u32, 0u32, 0u32);
    for character in text.chars().filter(|c| !c.is_ascii()) {
        all += 1;
        match character {
            c if COMMON.contains(c) => common += 1,
            // Kana, Greek, Cyrillic, box drawing, bopomofo, private use, Extension A.
            '\u{0080}'..='\u{04FF}'
            | '\u{2500}'..='\u{25FF}'
            | '\u{3040}'..='\u{312F}'
            | '\u{3400}'..='\u{4DBF}'
            | '\u{E000}'..='\u{F8FF}' => strange += 1,
            _ => {}
        }
    }
    if all == 0 { 1.0 } else { (f64::from(common) - f64::from(strange)) / f64::from(all) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use encoding_rs::{BIG5, Encoding, GB18030};

    fn read(bytes: &[u8], encoding: &'static Encoding) -> Option<f64> {
        let text = encoding.decode_without_bom_handling_and_without_replacement(bytes)?;
        Some(plausibility(&text))
    }

    #[test]
    fn the_right_decoding_is_the_more_plausible() {
        for text in [
            "客户编号,下单时间,订单金额\nC001,2025-05-01,10.00\n",
            "買家,付款時間,實付金額\n陳小姐,2025-05-01,10.00\n",
            "客戶編號,下單時間,訂單金額,城市\nC001,2025-05-01,10.00,臺北\n",
            "会员名,交易时间,收入(元)\n张三,2025-05-01,10.00\n",
            "訂單編號,顧客,日期,總計\n",
            "姓名,日期\n王芳,2025-05-01\n",
            "姓名,日期\n王小明,2025-05-01\n",
            "交易时间,交易类型,交易对方,商品,收/支,金额(元),支付方式,当前状态\n",
        ] {
            for (own, other) in [(GB18030, BIG5), (BIG5, GB18030)] {
                let (bytes, _, lost) = own.encode(text);
                if lost {
                    continue;
                }
                let right = read(&bytes, own).unwrap();
                let wrong = read(&bytes, other).unwrap_or(-1.0);
                assert!(right > wrong + 0.1, "{} {right} {wrong} {text}", own.name());
            }
        }
    }
}
