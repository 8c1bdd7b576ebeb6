//! What to do with a result: ship, hold, stop or run longer, with reasons as codes.
//!
//! The order of the questions is fixed: is the data sound, is anybody harmed, is the primary metric
//! decided, are the guardrails proven. An effect that was not found is no proof that there is none;
//! without a smallest effect that is worth while, the answer is then to run longer.

use serde::Serialize;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum DecisionCall {
    /// Give the arm to everybody.
    Ship,
    /// Change nothing before what the reasons name is settled.
    Hold,
    /// End it without shipping.
    Stop,
    /// The data does not decide yet.
    RunLonger,
}

/// Why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DecisionReason {
    /// `sample-ratio-mismatch`, `guardrail-harmed`, `guardrail-unproven`, `primary-better`,
    /// `primary-worse`, `primary-undecided`, `effect-too-small`, `planned-units-missing`,
    /// `no-primary` or `no-comparison`.
    pub code: &'static str,
    /// The metric, where it is about one.
    pub metric: Option<String>,
    /// The arm, where it is about one.
    pub arm: Option<String>,
}

/// What to do, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Decision {
    /// What to do.
    pub call: DecisionCall,
    /// The arm to ship; null unless one is.
    pub arm: Option<String>,
    /// Why, the weightiest first.
    pub reasons: Vec<DecisionReason>,
}

/// What one metric says of one arm.
#[derive(Clone, Debug)]
pub(super) struct Finding<'a> {
    pub(super) metric: &'a str,
    pub(super) arm: &'a str,
    pub(super) is_guardrail: bool,
    /// Whether an effect is found: `Some(true)` for a better one, `Some(false)` for a worse.
    pub(super) found: Option<bool>,
    /// Of a guardrail: whether it is proven not to be worse by the margin.
    pub(super) is_safe: bool,
    /// Whether even the best end of the interval is less than what is worth while.
    pub(super) is_too_small: bool,
    /// The effect, above 0 where it is better, to choose between arms.
    pub(super) gain: f64,
}

/// Decides over all arms.
pub(super) fn decide(
    is_mismatch: bool,
    has_all_units: bool,
    has_primary: bool,
    findings: &[Finding<'_>],
) -> Decision {
    let plain = |code| DecisionReason { code, metric: None, arm: None };
    let about = |code, finding: &Finding<'_>| DecisionReason {
        code,
        metric: Some(finding.metric.to_owned()),
        arm: Some(finding.arm.to_owned()),
    };
    let answer =
        |call, arm: Option<&str>, reasons| Decision { call, arm: arm.map(str::to_owned), reasons };
    if is_mismatch {
        return answer(DecisionCall::Hold, None, vec![plain("sample-ratio-mismatch")]);
    }
    let of_arm = |arm: &str, is_guardrail: bool| {
        let arm = arm.to_owned();
        findings.iter().filter(move |f| f.arm == arm && f.is_guardrail == is_guardrail)
    };
    let is_harmed = |arm: &str| of_arm(arm, true).any(|guard| guard.found == Some(false));
    let harmed: Vec<DecisionReason> = findings
        .iter()
        .filter(|finding| finding.is_guardrail && finding.found == Some(false))
        .map(|finding| about("guardrail-harmed", finding))
        .collect();
    let primaries = || findings.iter().filter(|finding| !finding.is_guardrail);
    if !has_primary {
        let (call, more) = if harmed.is_empty() {
            (DecisionCall::Hold, plain("no-primary"))
        } else {
            (DecisionCall::Stop, plain("no-primary"))
        };
        return answer(call, None, harmed.into_iter().chain([more]).collect());
    }
    if primaries().next().is_none() {
        return answer(DecisionCall::RunLonger, None, vec![plain("no-comparison")]);
    }
    // An arm wins if no primary metric is worse and one is better.
    let wins = |arm: &str| {
        of_arm(arm, false).any(|f| f.found == Some(true))
            && of_arm(arm, false).all(|f| f.found != Some(false))
    };
    let best = primaries()
        .filter(|finding| finding.found == Some(true))
        .filter(|finding| wins(finding.arm) && !is_harmed(finding.arm))
        // The largest effect in the weightiest metric in which an arm wins.
        .reduce(
            |best, next| {
                if next.metric == best.metric && next.gain > best.gain { next } else { best }
            },
        );
    if let Some(best) = best {
        let better = about("primary-better", best);
        if !has_all_units {
            return answer(
                DecisionCall::RunLonger,
                None,
                vec![plain("planned-units-missing"), better],
            );
        }
        let unproven: Vec<DecisionReason> = of_arm(best.arm, true)
            .filter(|guard| !guard.is_safe)
            .map(|guard| about("guardrail-unproven", guard))
            .collect();
        if unproven.is_empty() {
            return answer(DecisionCall::Ship, Some(best.arm), vec![better]);
        }
        return answer(DecisionCall::Hold, None, unproven.into_iter().chain([better]).collect());
    }
    // No arm wins. It ends if every arm is out: harmed, worse, or not worth while.
    let mut reasons = harmed;
    let mut is_open = false;
    for finding in primaries() {
        let code = match finding.found {
            Some(true) => "primary-better",
            Some(false) => "primary-worse",
            None if finding.is_too_small && has_all_units => "effect-too-small",
            None => "primary-undecided",
        };
        let is_worse = of_arm(finding.arm, false).any(|other| other.found == Some(false));
        is_open |= code == "primary-undecided" && !is_worse && !is_harmed(finding.arm);
        reasons.push(about(code, finding));
    }
    if !is_open {
        return answer(DecisionCall::Stop, None, reasons);
    }
    if !has_all_units {
        reasons.push(plain("planned-units-missing"));
    }
    answer(DecisionCall::RunLonger, None, reasons)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(metric: &'static str, found: Option<bool>) -> Finding<'static> {
        Finding {
            metric,
            arm: "b",
            is_guardrail: false,
            found,
            is_safe: true,
            is_too_small: false,
            gain: 1.0,
        }
    }

    fn guard(found: Option<bool>, is_safe: bool) -> Finding<'static> {
        Finding { is_guardrail: true, is_safe, ..finding("returns", found) }
    }

    fn call(
        mismatch: bool,
        complete: bool,
        findings: &[Finding<'_>],
    ) -> (DecisionCall, &'static str) {
        let decision = decide(mismatch, complete, true, findings);
        (decision.call, decision.reasons[0].code)
    }

    #[test]
    fn each_state_of_the_data_has_its_call() {
        let win = || finding("spend", Some(true));
        assert_eq!(call(false, true, &[win()]), (DecisionCall::Ship, "primary-better"));
        assert_eq!(call(true, true, &[win()]), (DecisionCall::Hold, "sample-ratio-mismatch"));
        assert_eq!(
            call(false, false, &[win()]),
            (DecisionCall::RunLonger, "planned-units-missing")
        );
        let harmed = guard(Some(false), false);
        assert_eq!(call(false, true, &[win(), harmed]), (DecisionCall::Stop, "guardrail-harmed"));
        let unproven = guard(None, false);
        assert_eq!(
            call(false, true, &[win(), unproven]),
            (DecisionCall::Hold, "guardrail-unproven")
        );
        let worse = finding("spend", Some(false));
        assert_eq!(call(false, true, &[worse]), (DecisionCall::Stop, "primary-worse"));
        let open = || finding("spend", None);
        assert_eq!(call(false, true, &[open()]), (DecisionCall::RunLonger, "primary-undecided"));
        let small = || Finding { is_too_small: true, ..open() };
        assert_eq!(call(false, true, &[small()]), (DecisionCall::Stop, "effect-too-small"));
        assert_eq!(call(false, false, &[small()]), (DecisionCall::RunLonger, "primary-undecided"));
        assert_eq!(call(false, true, &[]), (DecisionCall::RunLonger, "no-comparison"));
    }
}
