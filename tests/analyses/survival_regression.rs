//! What `survival-regression` promises.

use crate::tables::{Answer, run, run_with};
use serde_json::Value as Json;
use siyu::error::Code;
use siyu::stats::random::Random;

/// 432 men released from prison (Rossi, Berk and Lenihan 1980): weeks to the first arrest, if any.
fn rossi() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/rossi.csv");
    let text = std::fs::read_to_string(path).unwrap();
    let mut csv = "customer,week#,arrest#,fin#,age#,race#,wexp#,mar#,paro#,prio#\n".to_owned();
    for (at, line) in text.lines().skip(1).enumerate() {
        csv += &format!("m{at},{line}\n");
    }
    csv
}

fn asked(more: &str) -> String {
    format!(
        r#"{{"analysis":"survival-regression","options":{{"duration":"week","event":"arrest",
        "covariates":["fin","age","race","wexp","mar","paro","prio"]{more}}}}}"#
    )
}

fn near(got: &Json, wanted: f64, tolerance: f64) {
    let got = got.as_f64().unwrap();
    assert!((got - wanted).abs() <= tolerance, "{got} {wanted}");
}

/// Fox and Weisberg, "Cox Proportional-Hazards Regression for Survival Data in R" (2018), with the digits
/// of R's `coxph` and `cox.zph(transform = "identity")`.
#[test]
fn the_published_regression_of_arrests_is_reproduced() {
    let answer = run(&rossi(), &asked("")).unwrap();
    let published = [
        ("fin", -0.37942, 0.684, 0.19138, 0.04742),
        ("age", -0.05744, 0.944, 0.02200, 0.00903),
        ("race", 0.31390, 1.369, 0.30799, 0.30812),
        ("wexp", -0.14980, 0.861, 0.21222, 0.48029),
        ("mar", -0.43370, 0.648, 0.38187, 0.25606),
        ("paro", -0.08487, 0.919, 0.19576, 0.66461),
        ("prio", 0.09150, 1.096, 0.02865, 0.00141),
    ];
    for (term, (column, coefficient, ratio, error, p)) in
        answer.at("/result/terms").as_array().unwrap().iter().zip(published)
    {
        assert_eq!(term["column"], column);
        near(&term["coefficient"]["estimate"], coefficient, 6e-6);
        near(&term["coefficient"]["error"], error, 6e-6);
        near(&term["ratio"], ratio, 6e-4);
        near(&term["p"], p, 6e-6);
    }
    near(answer.at("/result/logLikelihood"), -658.7477, 6e-5);
    near(answer.at("/result/test/statistic"), 33.27, 6e-3);
    assert_eq!(answer.at("/result/test/degrees"), 7);
    near(answer.at("/result/concordance"), 0.6403, 6e-5);
    // Age and work experience act otherwise later on, which the page of the method's book finds too.
    assert_eq!(answer.at("/result/verdict"), "changes");
    near(answer.at("/result/proportional/statistic"), 18.18, 5e-3);
    let warned: Vec<_> = answer.at("/about/warnings").as_array().unwrap().iter().collect();
    assert_eq!(warned.len(), 2);
    assert!(warned.iter().all(|warning| warning["code"] == "not-proportional"));
    assert!(warned[0]["hint"].as_str().unwrap().contains("`age`"));
    // The baseline of 49 weeks with an arrest, and one ratio for each man.
    assert_eq!((answer.sets[0].length, answer.sets[1].length), (432, 49));
    let breslow = run(&rossi(), &asked(r#","ties":"breslow""#)).unwrap();
    near(breslow.at("/result/logLikelihood"), -659.1206, 6e-5);
}

#[test]
fn times_stretch_by_the_factors_of_r() {
    for (model, log_likelihood, fin, log_scale) in [
        ("weibull", -679.916_564, 0.272_163_36, f64::ln(0.712_405_33)),
        ("log-normal", -683.234_625, 0.342_847_68, f64::ln(1.294_569_93)),
        ("log-logistic", -679.938_411, 0.288_876_14, f64::ln(0.647_134_76)),
    ] {
        let answer = run(&rossi(), &asked(&format!(r#","model":"{model}""#))).unwrap();
        near(answer.at("/result/logLikelihood"), log_likelihood, 1e-6);
        near(answer.at("/result/terms/0/coefficient/estimate"), fin, 1e-7);
        near(answer.at("/result/terms/0/ratio"), fin.exp(), 1e-7);
        near(answer.at("/result/logScale/estimate"), log_scale, 1e-7);
        assert_eq!(answer.at("/result/verdict"), "untested");
        assert_eq!(answer.sets.len(), 1);
    }
}

/// Lives with a plan, a city and an age: in plan `basic` they end three times as fast.
fn shop() -> String {
    let mut random = Random::new(5, 0);
    let mut csv = "customer,days#,state,plan,city,age#\n".to_owned();
    for at in 0..900 {
        let plan = ["basic", "plus", "plus", "plus"][random.below(4) as usize];
        let city = ["A", "B", "C"][random.below(3) as usize];
        let age = 20.0 + 40.0 * random.unit();
        let hazard =
            0.01 * if plan == "basic" { 3.0 } else { 1.0 } * f64::exp(-0.02 * (age - 40.0));
        let (end, seen) = (-(1.0 - random.unit()).ln() / hazard, 30.0 + 200.0 * random.unit());
        let state = if end <= seen { "left" } else { "here" };
        csv += &format!("c{at},{:.4},{state},{plan},{city},{age:.2}\n", end.min(seen));
    }
    csv
}

fn shop_asked(more: &str) -> String {
    format!(
        r#"{{"analysis":"survival-regression","options":{{"duration":"days","event":"state",
        "eventValue":"left","covariates":["plan","city","age"]{more}}}}}"#
    )
}

fn term<'a>(answer: &'a Answer, column: &str, value: &str) -> &'a Json {
    let terms = answer.at("/result/terms").as_array().unwrap();
    let is_it =
        |term: &&Json| term["column"] == column && term["value"].as_str().unwrap_or("") == value;
    terms.iter().find(is_it).unwrap()
}

#[test]
fn texts_are_held_against_their_most_frequent_value_and_profiles_have_curves() {
    let profiles = r#","times":[0,50,100],"profiles":[{"name":"young basic","numbers":{"age":20},
        "texts":{"plan":"basic"}},{"name":"usual"}]"#;
    let answer = run(&shop(), &shop_asked(profiles)).unwrap();
    let basic = term(&answer, "plan", "basic");
    assert_eq!(basic["reference"], "plus");
    assert!(basic["ratioInterval"]["low"].as_f64().unwrap() < 3.0);
    assert!(basic["ratioInterval"]["high"].as_f64().unwrap() > 3.0);
    assert!(basic["p"].as_f64().unwrap() < 1e-9);
    near(&term(&answer, "age", "")["coefficient"]["estimate"], -0.02, 0.01);
    // Two columns of the city share one test with two degrees.
    let cities: Vec<&Json> = answer.at("/result/terms").as_array().unwrap()[1..3].iter().collect();
    assert!(cities.iter().all(|term| term["proportional"]["degrees"] == 2));
    assert_eq!(cities[0]["proportional"], cities[1]["proportional"]);
    assert_eq!(answer.at("/result/verdict"), "holds");
    let curve = |at: usize, point: usize| {
        answer.at(&format!("/result/profiles/{at}/points/{point}/survival")).as_f64().unwrap()
    };
    assert_eq!((curve(0, 0), curve(1, 0)), (1.0, 1.0));
    assert!(curve(0, 1) < curve(1, 1) && curve(0, 2) < curve(0, 1));
    // S = exp(−h·t) with h = 0.03·e^0.4 for the first, against what was found.
    let truth = f64::exp(-0.03 * f64::exp(0.4) * 50.0);
    let point = answer.at("/result/profiles/0/points/1/interval");
    assert!(point["low"].as_f64().unwrap() < truth && truth < point["high"].as_f64().unwrap());
    let median = answer.at("/result/profiles/0/median").as_f64().unwrap();
    assert!((10.0..25.0).contains(&median), "{median}");
    // A life with a ratio of 2 ends twice as fast as the mean one.
    let ratios = answer.numbers("ratio");
    assert!(ratios.iter().all(|ratio| *ratio > 0.0) && ratios.iter().any(|ratio| *ratio > 2.0));
    let weibull = run(&shop(), &shop_asked(&format!(r#","model":"weibull"{profiles}"#))).unwrap();
    // Exponential times are Weibull of scale 1, and a tripled hazard a third of the time.
    assert!(weibull.at("/result/logScale/interval/low").as_f64().unwrap() < 0.0);
    assert!(weibull.at("/result/logScale/interval/high").as_f64().unwrap() > 0.0);
    near(&term(&weibull, "plan", "basic")["ratio"], 1.0 / 3.0, 0.08);
    let median = weibull.at("/result/profiles/0/median").as_f64().unwrap();
    near(&Json::from(median), f64::ln(2.0) / (0.03 * f64::exp(0.4)), 4.0);
}

#[test]
fn neither_the_order_of_rows_nor_names_of_customers_matter() {
    let csv = shop();
    let (header, rows) = csv.split_once('\n').unwrap();
    let mut lines: Vec<String> = rows.lines().map(|line| format!("x{line}")).collect();
    lines.reverse();
    let turned = format!("{header}\n{}\n", lines.join("\n"));
    for model in ["cox", "log-normal"] {
        let request = shop_asked(&format!(r#","model":"{model}","profiles":[{{"name":"p"}}]"#));
        let (before, after) = (run(&csv, &request).unwrap(), run(&turned, &request).unwrap());
        assert_eq!(before.json["result"], after.json["result"], "{model}");
        assert_eq!(
            before.numbers("ratio").iter().rev().collect::<Vec<_>>(),
            after.numbers("ratio").iter().collect::<Vec<_>>()
        );
    }
}

#[test]
fn columns_may_change_within_a_life_and_strata_have_hazards_of_their_own() {
    let mut random = Random::new(8, 0);
    let mut csv = "customer,from#,to#,gone#,contacted#,region\n".to_owned();
    for at in 0..600 {
        // After day 10 every second customer is contacted, which halves the hazard.
        let region = ["north", "south"][at % 2];
        let hazard = if region == "north" { 0.02 } else { 0.06 };
        let wait = |random: &mut Random, hazard: f64| -(1.0 - random.unit()).ln() / hazard;
        let (first, contacted) = (wait(&mut random, hazard), random.below(2));
        if first < 10.0 {
            csv += &format!("c{at},0,{first:.4},1,0,{region}\n");
            continue;
        }
        csv += &format!("c{at},0,10,0,0,{region}\n");
        let rest = wait(&mut random, if contacted == 1 { hazard / 2.0 } else { hazard });
        let (end, gone) = if rest < 90.0 { (10.0 + rest, 1) } else { (100.0, 0) };
        csv += &format!("c{at},10,{end:.4},{gone},{contacted},{region}\n");
    }
    let request = |more: &str| {
        format!(
            r#"{{"analysis":"survival-regression","options":{{"duration":"to","event":"gone",
            "entry":"from","covariates":["contacted"],"strata":"region"{more}}}}}"#
        )
    };
    let answer = run(&csv, &request("")).unwrap();
    near(answer.at("/result/terms/0/coefficient/estimate"), -f64::ln(2.0), 0.25);
    assert_eq!(answer.at("/result/strata").as_array().unwrap().len(), 2);
    assert!(answer.at("/about/used/customers").as_u64().unwrap() == 600);
    assert!(answer.at("/about/warnings").as_array().unwrap().is_empty());
    let robust = run(&csv, &request(r#","robust":true"#)).unwrap();
    assert_eq!(
        robust.at("/result/terms/0/coefficient/estimate"),
        answer.at("/result/terms/0/coefficient/estimate")
    );
    let error = |answer: &Answer| answer.at("/result/terms/0/coefficient/error").as_f64().unwrap();
    assert!(
        error(&robust) != error(&answer) && (error(&robust) / error(&answer) - 1.0).abs() < 0.2
    );
    let unnamed = run(&csv, &request(r#","profiles":[{"name":"p"}]"#)).unwrap_err();
    assert_eq!(unnamed.path(), Some("options.profiles[0].texts.region"));
    let named = request(
        r#","times":[50],"profiles":[{"name":"n","texts":{"region":"north"},"numbers":{"contacted":0}}]"#,
    );
    near(
        run(&csv, &named).unwrap().at("/result/profiles/0/points/0/survival"),
        f64::exp(-1.0),
        0.08,
    );
}

#[test]
fn what_cannot_be_fitted_names_the_column() {
    let lives = |line: &dyn Fn(usize) -> String| {
        let rows: String = (0..40).map(|at| format!("c{at},{}\n", line(at))).collect();
        format!("customer,days#,end#,a#,b#,t\n{rows}")
    };
    let usual = |at: usize| {
        let (days, end) = (1 + (at * 7) % 19, usize::from(!at.is_multiple_of(3)));
        (days, end, (at * 5) % 11)
    };
    let asked = r#"{"analysis":"survival-regression","options":{"duration":"days","event":"end","covariates":["a","b"]}}"#;
    for (code, line) in [
        (
            Code::NotIdentifiable,
            &(|at: usize| {
                let (d, e, a) = usual(at);
                format!("{d},{e},{a},7,x")
            }) as &dyn Fn(usize) -> String,
        ),
        (Code::NotIdentifiable, &|at| {
            let (d, e, a) = usual(at);
            format!("{d},{e},{a},{},x", 3 * a + 1)
        }),
        (Code::NotIdentifiable, &|at| {
            let (d, e, a) = usual(at);
            format!("{d},{e},{a},{e},x")
        }),
    ] {
        let error = run(&lives(line), asked).unwrap_err();
        assert_eq!((error.code(), error.column()), (code, Some("b")));
    }
    // The last of these ends with a penalty.
    let split = lives(&|at| {
        let (d, e, a) = usual(at);
        format!("{d},{e},{a},{e},x")
    });
    let held = asked.replace(r#""event""#, r#""penalty":1,"event""#);
    let answer = run(&split, &held).unwrap();
    assert!(answer.at("/result/terms/1/coefficient/estimate").as_f64().unwrap() > 0.3);
    assert!(answer.at("/result/test").is_null());
    assert_eq!(answer.at("/result/verdict"), "untested");
    let censored = lives(&|at| {
        let (d, _, a) = usual(at);
        format!("{d},0,{a},{},x", at % 4)
    });
    let error = run(&censored, asked).unwrap_err();
    assert_eq!(error.code(), Code::NotEnoughData);
    assert!(error.to_string().contains("censored"));
    let one = asked.replace(r#"["a","b"]"#, r#"["a","t"]"#);
    let error = run(&split, &one).unwrap_err();
    assert_eq!((error.code(), error.column()), (Code::NotIdentifiable, Some("t")));
    let zero = lives(&|at| {
        let (d, e, a) = usual(at);
        format!("{},{e},{a},{},x", d - 1, at % 4)
    });
    let error =
        run(&zero, &asked.replace(r#""event""#, r#""model":"weibull","event""#)).unwrap_err();
    assert_eq!((error.code(), error.column()), (Code::InvalidOption, Some("days")));
    // Missing cells and times that are none are left out and counted.
    let holes = lives(&|at| {
        let (d, e, a) = usual(at);
        match at {
            0 => format!("-3,{e},{a},1,x"),
            1 | 2 => format!("{d},{e},,1,x"),
            _ => format!("{d},{e},{a},{},x", at % 4),
        }
    });
    let answer = run(&holes, asked).unwrap();
    let left: Vec<(&str, u64)> = answer
        .at("/about/leftOut")
        .as_array()
        .unwrap()
        .iter()
        .map(|of| (of["reason"].as_str().unwrap(), of["rows"].as_u64().unwrap()))
        .collect();
    assert_eq!(left, [("missing", 2), ("no-life", 1)]);
    assert!(answer.at("/about/warnings").as_array().unwrap().is_empty());
    let few = lives(&|at| {
        let (d, _, a) = usual(at);
        format!("{d},{},{a},{},x", usize::from(at % 3 == 1), at % 4)
    });
    let answer = run(&few, asked).unwrap();
    assert_eq!(answer.at("/about/warnings/0/code"), "few-events");
    let twice = few.replace("c1,", "c0,");
    assert_eq!(run(&twice, asked).unwrap().at("/about/warnings/1/code"), "several-lives");
}

#[test]
fn what_cannot_be_asked_is_refused_with_its_path() {
    for (more, code, path) in [
        (r#","confidence":1"#, Code::InvalidOption, "options.confidence"),
        (r#","penalty":-1"#, Code::InvalidOption, "options.penalty"),
        (r#","times":[1,-2]"#, Code::InvalidOption, "options.times[1]"),
        (r#","model":"weibull","robust":true"#, Code::InvalidOption, "options.robust"),
        (r#","model":"weibull","strata":"plan""#, Code::InvalidOption, "options.covariates[0]"),
        (r#","entry":"plan""#, Code::InvalidOption, "options.covariates[0]"),
        (
            r#","profiles":[{"name":"p","numbers":{"plan":1}}]"#,
            Code::InvalidOption,
            "options.profiles[0].numbers.plan",
        ),
        (
            r#","profiles":[{"name":"p","texts":{"plan":"gold"}}]"#,
            Code::InvalidOption,
            "options.profiles[0].texts.plan",
        ),
    ] {
        let error = run(&shop(), &shop_asked(more)).unwrap_err();
        assert_eq!((error.code(), error.path()), (code, Some(path)), "{more}");
    }
    let unset = shop_asked("").replace(r#""eventValue":"left","#, "");
    let error = run(&shop(), &unset).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::Type, Some("options.event")));
    let error = run(&shop(), &shop_asked("").replace("left", "gone")).unwrap_err();
    assert_eq!((error.code(), error.path()), (Code::InvalidOption, Some("options.eventValue")));
    let error = run(&shop(), &shop_asked("").replace(r#""age""#, r#""wealth""#)).unwrap_err();
    assert_eq!(error.code(), Code::MissingRole);
    let tables = [("lives", shop())];
    let tables = tables.each_ref().map(|(name, csv)| (*name, csv.as_str()));
    assert!(run_with(&tables, &shop_asked("")).is_ok());
}
