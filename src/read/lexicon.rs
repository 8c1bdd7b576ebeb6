//! Names that columns of order exports have, in Chinese and English, and how sure each makes of
//! a role.
//!
//! The names are those of shop systems, payment bills and tills as their exports show them
//! (Taobao, JD, Youzan, WeChat Pay, Alipay, Shopify, WooCommerce …), without marks between
//! words. Of several names in one header the longest counts, so that `优惠金额` is a discount
//! and not an amount. A low figure says: this name is known, and it is not what is wanted.

use crate::table::role::Role;

use super::amount::half_width;

/// `(name, hundredths)` for one role.
type Names = &'static [(&'static str, u8)];

const CUSTOMER: Names = &[
    ("客户编号", 100),
    ("客户id", 100),
    ("客户号", 98),
    ("客户代码", 98),
    ("客户", 90),
    ("会员编号", 100),
    ("会员id", 100),
    ("会员号", 98),
    ("会员卡号", 97),
    ("会员名", 92),
    ("会员", 88),
    ("用户id", 100),
    ("用户编号", 100),
    ("用户标识", 97),
    ("用户名", 88),
    ("用户", 86),
    ("买家id", 100),
    ("买家编号", 100),
    ("买家会员名", 97),
    ("买家账号", 95),
    ("买家昵称", 88),
    ("买家手机", 80),
    ("买家姓名", 72),
    ("买家", 88),
    ("顾客编号", 100),
    ("顾客", 88),
    ("下单帐号", 95),
    ("下单账号", 95),
    ("交易对方", 82),
    ("付款方", 75),
    ("手机号", 75),
    ("手机", 70),
    ("联系电话", 60),
    ("客户姓名", 70),
    ("收货人", 50),
    ("客户地址", 5),
    ("会员等级", 5),
    ("会员价", 0),
    ("客户备注", 5),
    ("买家留言", 5),
    ("客户类型", 5),
    ("新客户", 5),
    ("customerid", 100),
    ("customerno", 100),
    ("customernumber", 100),
    ("customercode", 98),
    ("custid", 98),
    ("customer", 92),
    ("customeruser", 95),
    ("clientid", 96),
    ("client", 85),
    ("userid", 97),
    ("user", 85),
    ("uid", 85),
    ("memberid", 100),
    ("memberno", 98),
    ("member", 88),
    ("buyerid", 100),
    ("buyer", 88),
    ("accountid", 88),
    ("shopperid", 97),
    ("visitorid", 85),
    ("cardno", 75),
    ("openid", 97),
    ("unionid", 95),
    ("customeremail", 88),
    ("billingemail", 82),
    ("email", 75),
    ("phone", 68),
    ("mobile", 68),
    ("customername", 75),
    ("billingname", 55),
    ("name", 40),
    ("customergroup", 5),
    ("customernote", 5),
    ("customertype", 5),
    ("clientip", 5),
    ("useragent", 0),
    ("id", 82),
];

const TIME: Names = &[
    ("支付时间", 100),
    ("付款时间", 100),
    ("付款确认时间", 98),
    ("支付完成时间", 99),
    ("支付日期", 98),
    ("付款日期", 98),
    ("交易时间", 95),
    ("交易日期", 94),
    ("交易创建时间", 84),
    ("成交时间", 93),
    ("成交日期", 92),
    ("消费时间", 93),
    ("消费日期", 92),
    ("购买时间", 93),
    ("购买日期", 92),
    ("销售日期", 90),
    ("下单时间", 90),
    ("下单日期", 90),
    ("订单时间", 89),
    ("订单日期", 89),
    ("订单创建时间", 87),
    ("创建时间", 82),
    ("创建日期", 82),
    ("入账时间", 75),
    ("时间", 80),
    ("日期", 82),
    ("完成时间", 60),
    ("发货时间", 30),
    ("收货时间", 30),
    ("更新时间", 20),
    ("修改时间", 20),
    ("退款时间", 15),
    ("注册时间", 5),
    ("注册日期", 5),
    ("生日", 0),
    ("出生日期", 0),
    ("预计", 5),
    ("paidat", 100),
    ("paytime", 100),
    ("paidtime", 100),
    ("paymenttime", 100),
    ("paymentdate", 99),
    ("paydate", 99),
    ("datepaid", 99),
    ("transactiontime", 95),
    ("transactiondate", 95),
    ("purchasetime", 94),
    ("purchasedate", 94),
    ("invoicedate", 92),
    ("orderdate", 90),
    ("ordertime", 90),
    ("orderedat", 90),
    ("orderts", 90),
    ("createdat", 83),
    ("createtime", 83),
    ("datecreated", 83),
    ("eventtime", 88),
    ("eventdate", 88),
    ("timestamp", 86),
    ("datetime", 86),
    ("date", 86),
    ("time", 80),
    ("day", 72),
    ("updatedat", 20),
    ("modifieddate", 20),
    ("shippedat", 30),
    ("shipdate", 30),
    ("deliverydate", 25),
    ("fulfilledat", 30),
    ("cancelledat", 10),
    ("refundedat", 10),
    ("duedate", 15),
    ("birthdate", 0),
    ("birthday", 0),
    ("signupdate", 5),
    ("registeredat", 5),
];

const AMOUNT: Names = &[
    ("实付金额", 100),
    ("实付款", 100),
    ("实付", 95),
    ("实际支付金额", 100),
    ("买家实际支付金额", 100),
    ("实收金额", 96),
    ("实收", 92),
    ("支付金额", 97),
    ("付款金额", 97),
    ("成交金额", 93),
    ("交易金额", 93),
    ("消费金额", 93),
    ("购买金额", 92),
    ("销售额", 90),
    ("销售金额", 90),
    ("结算金额", 80),
    ("订单金额", 88),
    ("订单总额", 87),
    ("订单总金额", 87),
    ("总金额", 85),
    ("总额", 82),
    ("金额", 85),
    ("总价", 78),
    ("应付金额", 72),
    ("买家应付货款", 72),
    ("商品总价", 65),
    ("价格", 45),
    ("售价", 40),
    ("单价", 30),
    ("京东价", 25),
    ("原价", 10),
    ("标价", 10),
    ("市场价", 5),
    ("成本", 0),
    ("优惠金额", 2),
    ("折扣金额", 2),
    ("优惠", 2),
    ("折扣", 2),
    ("运费", 2),
    ("邮费", 2),
    ("服务费", 2),
    ("手续费", 2),
    ("税额", 2),
    ("退款金额", 5),
    ("退款", 5),
    ("余额", 2),
    ("积分", 0),
    ("amountpaid", 100),
    ("paidamount", 100),
    ("paymentamount", 98),
    ("amountreceived", 96),
    ("paid", 97),
    ("payment", 88),
    ("netamount", 93),
    ("netsales", 92),
    ("netrevenue", 93),
    ("revenue", 92),
    ("grandtotal", 92),
    ("ordertotal", 90),
    ("ordertotalamount", 91),
    ("orderamount", 90),
    ("ordervalue", 88),
    ("transactionamount", 92),
    ("purchaseamount", 92),
    ("totalamount", 90),
    ("totalprice", 88),
    ("totalspent", 88),
    ("amount", 90),
    ("total", 87),
    ("sales", 85),
    ("spend", 85),
    ("gmv", 85),
    ("value", 62),
    ("subtotal", 72),
    ("price", 50),
    ("unitprice", 32),
    ("lineitemprice", 30),
    ("listprice", 12),
    ("originalprice", 8),
    ("comparatprice", 8),
    ("cost", 0),
    ("discount", 2),
    ("discountamount", 2),
    ("shipping", 2),
    ("tax", 2),
    ("taxes", 2),
    ("fee", 2),
    ("tip", 2),
    ("refund", 5),
    ("refundedamount", 5),
    ("refundamount", 5),
    ("outstandingbalance", 2),
    ("balance", 2),
    ("points", 0),
];

const ORDER: Names = &[
    ("订单号", 100),
    ("订单编号", 100),
    ("订单id", 100),
    ("主订单编号", 100),
    ("父订单号", 98),
    ("子订单编号", 80),
    ("子订单号", 80),
    ("商户订单号", 96),
    ("商家订单号", 96),
    ("商户单号", 90),
    ("交易单号", 90),
    ("交易号", 88),
    ("交易流水号", 86),
    ("流水号", 84),
    ("小票号", 90),
    ("单号", 80),
    ("支付单号", 78),
    ("快递单号", 0),
    ("物流单号", 0),
    ("运单号", 0),
    ("发票号", 60),
    ("订单状态", 0),
    ("订单类型", 0),
    ("订单来源", 0),
    ("订单备注", 0),
    ("orderid", 100),
    ("orderno", 100),
    ("ordernumber", 100),
    ("ordersn", 97),
    ("ordername", 92),
    ("order", 82),
    ("invoiceno", 96),
    ("invoicenumber", 96),
    ("invoiceid", 96),
    ("invoice", 92),
    ("transactionid", 90),
    ("receiptid", 88),
    ("receiptno", 88),
    ("basketid", 88),
    ("checkoutid", 70),
    ("orderstatus", 0),
    ("ordertype", 0),
    ("orderlineid", 20),
    ("trackingnumber", 0),
    ("name", 50),
];

const EVENT: Names = &[
    ("事件", 95),
    ("事件名", 97),
    ("事件名称", 97),
    ("事件类型", 97),
    ("行为", 92),
    ("行为类型", 95),
    ("交易类型", 60),
    ("eventname", 100),
    ("eventtype", 98),
    ("event", 95),
    ("behavior", 92),
    ("behaviour", 92),
    ("behaviortype", 95),
    ("action", 88),
    ("activity", 82),
];

const PRODUCT: Names = &[
    ("商品id", 97),
    ("商品编号", 97),
    ("商品编码", 97),
    ("商品名称", 95),
    ("商品标题", 94),
    ("商品", 88),
    ("宝贝标题", 95),
    ("宝贝id", 97),
    ("产品编号", 97),
    ("产品名称", 95),
    ("产品", 88),
    ("货号", 92),
    ("品名", 90),
    ("商品数量", 0),
    ("商品种类", 20),
    ("宝贝种类", 20),
    ("商品总价", 0),
    ("商品金额", 0),
    ("商品分类", 45),
    ("productid", 98),
    ("productcode", 97),
    ("productname", 95),
    ("product", 92),
    ("sku", 95),
    ("stockcode", 96),
    ("itemid", 95),
    ("itemname", 93),
    ("item", 84),
    ("lineitemsku", 95),
    ("lineitemname", 94),
    ("title", 60),
    ("description", 55),
    ("productcategory", 45),
    ("productprice", 0),
    ("itemcount", 0),
];

const QUANTITY: Names = &[
    ("数量", 92),
    ("商品数量", 96),
    ("购买数量", 98),
    ("订购数量", 98),
    ("宝贝总数量", 97),
    ("件数", 95),
    ("商品件数", 96),
    ("库存", 0),
    ("库存数量", 0),
    ("quantity", 98),
    ("qty", 97),
    ("lineitemquantity", 98),
    ("itemcount", 85),
    ("units", 85),
    ("pieces", 85),
    ("count", 50),
    ("stockquantity", 0),
];

const CHANNEL: Names = &[
    ("渠道", 95),
    ("下单渠道", 98),
    ("销售渠道", 98),
    ("渠道名称", 96),
    ("订单来源", 92),
    ("来源", 82),
    ("平台", 82),
    ("下单终端", 80),
    ("终端", 70),
    ("店铺名称", 62),
    ("店铺", 60),
    ("门店", 66),
    ("支付渠道", 50),
    ("支付方式", 35),
    ("交易来源地", 40),
    ("channel", 96),
    ("saleschannel", 98),
    ("source", 80),
    ("ordersource", 90),
    ("utmsource", 82),
    ("platform", 82),
    ("medium", 60),
    ("store", 60),
    ("paymentmethod", 30),
];

const CURRENCY: Names = &[
    ("币种", 98),
    ("货币", 95),
    ("交易币种", 98),
    ("结算币种", 90),
    ("currency", 98),
    ("currencycode", 97),
];

const DIRECTION: Names = &[
    ("收支", 100),
    ("收支类型", 100),
    ("收支方向", 100),
    ("资金流向", 92),
    ("借贷标志", 92),
    ("收支方式", 0),
    ("收付款方式", 0),
    ("debitcredit", 90),
];

fn names(role: Role) -> Names {
    match role {
        Role::Customer => CUSTOMER,
        Role::Time => TIME,
        Role::Amount => AMOUNT,
        Role::Order => ORDER,
        Role::Event => EVENT,
        Role::Product => PRODUCT,
        Role::Quantity => QUANTITY,
        Role::Channel => CHANNEL,
        Role::Currency => CURRENCY,
        Role::Direction => DIRECTION,
        Role::Attribute(_) => &[],
    }
}

/// Whether a character can stand in a word of the lexicon.
fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || ('\u{3400}'..='\u{9fff}').contains(&c)
}

/// The header in small half-width letters, without what stands in brackets (units, remarks) and
/// without marks between words.
pub(super) fn normal(header: &str) -> String {
    let mut depth = 0u32;
    let mut normal = String::new();
    for c in header.chars().take(64).map(half_width).map(|c| c.to_ascii_lowercase()) {
        match c {
            '(' | '[' | '【' => depth += 1,
            ')' | ']' | '】' => depth = depth.saturating_sub(1),
            _ if depth == 0 && is_word(c) => normal.push(c),
            _ => {}
        }
    }
    normal
}

/// How sure a normal header makes of a role, 0 to 1; `None` if it says nothing about it.
pub(super) fn sureness(normal: &str, role: Role) -> Option<f64> {
    let mut best: Option<(usize, f64)> = None;
    for (name, hundredths) in names(role) {
        let long = if name.is_ascii() { name.len() >= 4 } else { name.chars().count() >= 2 };
        if normal == *name || (long && normal.contains(name)) {
            // A name that is only a part of the header says a little less.
            let part = (name.len() as f64 / normal.len() as f64).sqrt().sqrt();
            let sure = f64::from(*hundredths) / 100.0 * part;
            if best.is_none_or(|(length, before)| (name.len(), sure) > (length, before)) {
                best = Some((name.len(), sure));
            }
        }
    }
    best.map(|(_, sure)| sure)
}

/// Whether a header says anything about any role.
pub(super) fn is_known(normal: &str) -> bool {
    Role::ALL.iter().any(|role| sureness(normal, *role).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_normal_and_stand_once_per_role() {
        for role in Role::ALL {
            let mut seen = std::collections::HashSet::new();
            for (name, hundredths) in names(*role) {
                assert_eq!(normal(name), *name);
                assert!(*hundredths <= 100 && seen.insert(name), "{name}");
            }
        }
    }

    #[test]
    fn marks_units_and_width_do_not_matter() {
        for header in ["Customer ID", "customer_id", "CUSTOMER-ID", "ＣｕｓｔｏｍｅｒＩＤ"]
        {
            assert_eq!(sureness(&normal(header), Role::Customer), Some(1.0), "{header}");
        }
        assert_eq!(normal("金额（元）"), "金额");
        assert_eq!(normal("Total [CNY]"), "total");
    }

    #[test]
    fn the_longest_name_in_a_header_counts() {
        let sure = |header: &str, role| sureness(&normal(header), role);
        assert!(sure("店铺优惠金额", Role::Amount).unwrap() < 0.1);
        assert!(sure("买家实付金额", Role::Amount).unwrap() > 0.9);
        assert!(sure("Discount Amount", Role::Amount).unwrap() < 0.1);
        assert!(sure("订单付款时间", Role::Time) > sure("订单创建时间", Role::Time));
        assert!(sure("Paid at", Role::Time) > sure("Created at", Role::Time));
        assert_eq!(sure("country", Role::Customer), None);
        assert_eq!(sure("城市", Role::Customer), None);
    }
}
