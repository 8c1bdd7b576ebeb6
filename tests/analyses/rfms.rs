//! What `rfms` promises.

use std::collections::HashMap;

use proptest::prelude::*;

use crate::tables::{Answer, run, run_with};
use siyu::error::Code;

const LOG: &str = "customer,time,amount\n\
    star,2025-05-20,500\nstar,2025-05-28,400\nstar,2025-04-02,300\n\
    quiet,2025-05-25,700\nquiet,2025-05-02,300\nquiet,2025-03-02,300\n\
    old,2024-11-02,20\n\
    new,2025-05-30,30\n\
    friend,2025-05-12,25\n";
const EVENTS: &str = "customer,time,event\n\
    star,2025-05-21,Share\nstar,2025-05-22,share\nstar,2025-05-22,评论\n\
    lurker,2025-05-29,群发言\nlurker,2025-05-30,群发言\nlurker,2024-05-30,view\n\
    gone,2024-10-01,comment\n\
    star,2025-06-02,share\n";
const REFERRALS: &str = "customer,time,order\n\
    star,2025-05-10,friend\nstar,2025-05-11,friend\nstar,2025-05-11,nobody\n\
    lurker,2025-05-11,friend\nlurker,2025-05-11,lurker\nold,2025-05-20,friend\n";

/// Marks of one's own: two bins each.
const FIXED: &str = r#""scoring":{"convention":"fixed","bins":2,
    "thresholds":{"recency":[45],"frequency":[1],"monetary":[100]}},
    "social":{"normalise":"points","thresholds":[4]}"#;

fn request(more: &str) -> String {
    let comma = if more.is_empty() { "" } else { "," };
    format!(
        r#"{{"analysis":"rfms","inputs":{{"log":"orders","events":"events","referrals":"referrals"}},
        "options":{{"at":"2025-05-31"{comma}{more}}}}}"#
    )
}

fn all(more: &str) -> Answer {
    let tables = [("orders", LOG), ("events", EVENTS), ("referrals", REFERRALS)];
    run_with(&tables, &request(more)).unwrap()
}

#[test]
fn actions_are_counted_by_kind_from_events_and_referrals() {
    let answer = all("");
    let counts = |customer: &str| {
        ["shares", "invitesSent", "invitesAccepted", "comments", "groupPosts"]
            .map(|name| answer.of(customer, name))
    };
    // Two messages to one friend are one invitation; the friend came after it.
    assert_eq!(counts("star"), [2.0, 2.0, 1.0, 1.0, 0.0]);
    // Invited the same friend later than star, and themselves, which is none.
    assert_eq!(counts("lurker"), [0.0, 1.0, 0.0, 0.0, 2.0]);
    // The friend had bought before.
    assert_eq!(counts("old"), [0.0, 1.0, 0.0, 0.0, 0.0]);
    let left = answer.at("/about/leftOut").as_array().unwrap();
    let reason =
        |name: &str| left.iter().find(|part| part["reason"] == name).unwrap()["rows"].clone();
    assert_eq!(
        (reason("after-at"), reason("other-event"), reason("self-invitation")),
        (1.into(), 1.into(), 1.into())
    );
}

#[test]
fn a_referral_log_may_say_itself_what_became_of_an_invitation() {
    let referrals = "customer,time,event\nstar,2025-05-01,invite\nstar,2025-05-02,accepted\nstar,2025-05-03,expired\n";
    let tables = [("orders", LOG), ("events", EVENTS), ("referrals", referrals)];
    let answer = run_with(&tables, &request("")).unwrap();
    assert_eq!(
        (answer.of("star", "invitesSent"), answer.of("star", "invitesAccepted")),
        (1.0, 1.0)
    );
}

#[test]
fn each_corner_of_the_cube_is_its_group() {
    let answer = all(FIXED);
    let group = |customer: &str| {
        let at = answer.of(customer, "group") as usize;
        answer.at(&format!("/result/groups/{at}/key")).as_str().unwrap().to_owned()
    };
    assert_eq!(group("star"), "social-star");
    assert_eq!(group("quiet"), "quiet-value");
    assert_eq!(group("old"), "sleeping-member");
    assert_eq!(
        (group("new"), group("friend")),
        ("promising-newcomer".into(), "promising-newcomer".into())
    );
    assert_eq!(answer.at("/result/marks/recencyDays"), 45.0);
    assert_eq!(answer.at("/result/marks/socialLeast"), 4.0);
}

#[test]
fn who_never_bought_is_grouped_by_the_last_action_or_left_out() {
    let answer = all(FIXED);
    assert_eq!((answer.of("lurker", "isBuyer"), answer.of("lurker", "recency")), (0.0, 1.0));
    assert_eq!((answer.of("lurker", "isRecent"), answer.of("lurker", "value")), (1.0, 0.0));
    assert_eq!((answer.of("gone", "isRecent"), answer.of("gone", "recency")), (0.0, 242.0));
    assert_eq!(
        (answer.at("/result/totals/customers"), answer.at("/result/totals/buyers")),
        (&7.into(), &5.into())
    );
    let without = all(r#""nonBuyers":"leave-out""#);
    assert_eq!(without.customers().len(), 5);
    let left = without.at("/about/leftOut").as_array().unwrap();
    assert!(left.iter().any(|part| part["reason"] == "never-bought" && part["customers"] == 2));
}

#[test]
fn buyers_have_the_scores_that_rfm_gives_them() {
    let answer = all("");
    let rfm = run(LOG, r#"{"analysis":"rfm","options":{"at":"2025-05-31"}}"#).unwrap();
    for customer in rfm.customers() {
        for name in ["recency", "frequency", "monetary", "r", "f", "m"] {
            assert_eq!(answer.of(&customer, name), rfm.of(&customer, name), "{customer} {name}");
        }
    }
}

#[test]
fn the_social_measure_is_the_sum_of_its_parts_and_groups_add_up() {
    let answer = all("");
    let parts =
        ["sharePart", "inviteSentPart", "inviteAcceptedPart", "commentPart", "groupPostPart"];
    for customer in answer.customers() {
        let sum: f64 = parts.iter().map(|name| answer.of(&customer, name)).sum();
        assert_eq!(sum, answer.of(&customer, "social"), "{customer}");
    }
    let groups = answer.at("/result/groups").as_array().unwrap();
    let sum = |name: &str| groups.iter().map(|row| row[name].as_f64().unwrap()).sum::<f64>();
    assert_eq!(sum("customers"), 7.0);
    assert!((sum("customersShare") - 1.0).abs() < 1e-12);
    assert!((sum("revenue") - answer.at("/result/totals/revenue").as_f64().unwrap()).abs() < 1e-9);
    for row in groups {
        let at = |pointer: &str| row.pointer(pointer).unwrap().as_f64().unwrap();
        assert!(
            at("/interval/low") <= at("/customersShare")
                && at("/customersShare") <= at("/interval/high")
        );
        assert!(row["sentence"]["zh"].as_str().unwrap().contains("位客户"));
        if at("/customers") == 0.0 {
            assert!(row["monetaryMean"].is_null() && row["monetaryInterval"].is_null());
        }
    }
}

#[test]
fn without_events_everybody_is_silent_and_the_report_says_so() {
    let answer = run(LOG, r#"{"analysis":"rfms","options":{"at":"2025-05-31"}}"#).unwrap();
    assert!(answer.numbers("s").iter().all(|score| *score == 1.0));
    assert_eq!(answer.at("/about/warnings/0/code"), "no-actions");
    assert!(answer.at("/result/marks/socialLeast").is_null());
}

#[test]
fn one_customer_and_equal_customers_get_an_answer_without_nan() {
    for log in [
        "customer,time,amount\na,2025-05-01,5\n",
        "customer,time,amount\na,2025-05-01,5\nb,2025-05-01,5\nc,2025-05-01,5\n",
        "customer,time,amount\na,2025-05-01,0\nb,2025-05-01,0\n",
    ] {
        let answer = run(log, r#"{"analysis":"rfms","options":{"at":"2025-05-31"}}"#).unwrap();
        let groups = answer.numbers("group");
        assert!(groups.iter().all(|group| *group == groups[0]), "equal customers are in one group");
        assert!(!answer.json.to_string().contains("NaN"));
    }
}

#[test]
fn slips_are_named_with_their_place() {
    let refused = |more: &str| {
        let error =
            run(LOG, &format!(r#"{{"analysis":"rfms","options":{{"at":"2025-05-31",{more}}}}}"#))
                .unwrap_err();
        (error.code(), error.path().unwrap_or_default().to_owned())
    };
    let invalid = |path: &str| (Code::InvalidOption, path.to_owned());
    assert_eq!(
        refused(r#""scoring":{"convention":"ntile"}"#),
        invalid("options.scoring.convention")
    );
    assert_eq!(
        refused(r#""social":{"weights":{"share":-1}}"#),
        invalid("options.social.weights.share")
    );
    assert_eq!(refused(r#""social":{"thresholds":[1]}"#), invalid("options.social.thresholds"));
    assert_eq!(refused(r#""above":{"value":9}"#), invalid("options.above.value"));
    assert_eq!(refused(r#""confidence":1"#), invalid("options.confidence"));
    let tables = [("orders", LOG), ("events", EVENTS)];
    let error = run_with(&tables, &request("")).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::UnknownTable, Some("inputs.referrals")));
    let error = run_with(&tables, r#"{"analysis":"rfms","inputs":{"log":"orders","evnts":"events"},"options":{"at":"2025-05-31"}}"#).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::UnknownField, Some("inputs.evnts")));
}

fn turned(csv: &str, by: usize) -> String {
    let mut lines: Vec<&str> = csv.lines().skip(1).collect();
    let count = lines.len();
    lines.rotate_left(by % count);
    if by.is_multiple_of(2) {
        lines.reverse();
    }
    format!("{}\n{}\n", csv.lines().next().unwrap(), lines.join("\n"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn neither_row_order_nor_names_nor_the_unit_of_money_matter(by in 0usize..40) {
        let before = all("");
        let tables = [turned(LOG, by), turned(EVENTS, by), turned(REFERRALS, by)];
        let tables = [("orders", &tables[0][..]), ("events", &tables[1]), ("referrals", &tables[2])];
        let after = run_with(&tables, &request("")).unwrap();
        prop_assert_eq!(before.by_customer(), after.by_customer());
        prop_assert_eq!(before.at("/result"), after.at("/result"));

        let renamed = [LOG, EVENTS, REFERRALS].map(|csv| {
            ["star", "quiet", "old", "friend", "lurker", "gone"].iter().fold(csv.to_owned(), |csv, name| {
                csv.replace(name, &format!("会员{}", name.len() * 7 + name.as_bytes()[0] as usize))
            })
        });
        let tables = [("orders", &renamed[0][..]), ("events", &renamed[1]), ("referrals", &renamed[2])];
        let after = run_with(&tables, &request("")).unwrap();
        prop_assert_eq!(before.at("/result"), after.at("/result"));

        let dearer: String = LOG.lines().map(|line| if line.starts_with("customer") { format!("{line}\n") } else { format!("{line}00\n") }).collect();
        let tables = [("orders", &dearer[..]), ("events", EVENTS), ("referrals", REFERRALS)];
        let after = run_with(&tables, &request("")).unwrap();
        for name in ["r", "f", "m", "s", "group"] {
            prop_assert_eq!(before.numbers(name), after.numbers(name));
        }
    }
}

/// The generated shop, with the truth that was planted in it.
mod planted {
    use super::*;
    use crate::tables::{plain, run_tables, shanghai};
    use siyu::read::read_table;
    use siyu::table::Table;
    use std::rc::Rc;

    fn read(file: &str, roles: &str) -> Rc<Table> {
        let path = format!("{}/tests/data/social/{file}", env!("CARGO_MANIFEST_DIR"));
        let bytes = std::fs::read(path).unwrap();
        let options =
            plain(&format!(r#"{{"roles":{roles},"zone":"Asia/Shanghai"}}"#)).read().unwrap();
        Rc::new(read_table([&bytes], &options, shanghai(), 1, 1 << 30).unwrap().0)
    }

    pub(super) fn truth() -> serde_json::Value {
        let path = format!("{}/tests/data/social/truth.json", env!("CARGO_MANIFEST_DIR"));
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    pub(super) fn answer(more: &str) -> Answer {
        let orders =
            r#"{"customer":"会员编号","time":"付款时间","amount":"实付金额","order":"订单编号"}"#;
        let events = r#"{"customer":"会员编号","time":"时间","event":"行为"}"#;
        let referrals = r#"{"customer":"邀请人","time":"邀请时间","order":"被邀请人"}"#;
        let tables = [
            ("orders", read("orders.csv", orders)),
            ("events", read("events.csv", events)),
            ("referrals", read("referrals.csv", referrals)),
        ];
        run_tables(&tables, &request(more)).unwrap()
    }
}

/// Customers in the planted group, and all.
fn recovered(answer: &Answer) -> (usize, usize) {
    let truth = planted::truth();
    let mut planted = HashMap::new();
    for (key, group) in truth["groups"].as_object().unwrap() {
        for id in group["ids"].as_str().unwrap().split(' ') {
            planted.insert(id.to_owned(), key.clone());
        }
    }
    let keys: Vec<String> = answer
        .at("/result/groups")
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap().to_owned())
        .collect();
    let groups = answer.numbers("group");
    let customers = answer.customers();
    assert_eq!(customers.len(), planted.len());
    let right = customers
        .iter()
        .zip(groups)
        .filter(|(id, group)| planted[*id] == keys[*group as usize])
        .count();
    (right, customers.len())
}

#[test]
fn the_planted_groups_are_found_with_the_marks_that_made_them() {
    let answer = planted::answer(
        r#""scoring":{"convention":"fixed","bins":2,"thresholds":{"recency":[45],"frequency":[5],"monetary":[600]}},
        "social":{"normalise":"points","weights":{"share":1,"comment":1,"groupPost":1,"inviteSent":0,"inviteAccepted":0},"thresholds":[10]}"#,
    );
    let (right, all) = recovered(&answer);
    assert_eq!(right, all);
    let truth = planted::truth();
    let totals = &truth["totals"];
    for (at, name) in
        ["shares", "invitesSent", "invitesAccepted", "comments", "groupPosts"].iter().enumerate()
    {
        assert_eq!(answer.at(&format!("/result/actions/{at}/times")), &totals[*name], "{name}");
    }
    assert_eq!(
        answer.at("/result/totals/revenue").as_f64().unwrap(),
        totals["revenue"].as_str().unwrap().parse::<f64>().unwrap()
    );
}

#[test]
fn the_planted_groups_are_nearly_all_found_without_being_told() {
    let (right, all) = recovered(&planted::answer(""));
    println!("{right} of {all} customers are in the planted group by default");
    assert!(right * 100 >= all * 97, "{right} of {all}");
}
