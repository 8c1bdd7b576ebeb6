//! Events one after the other: whether a customer's events follow a pattern.
//!
//! A step is met by an event strictly later than that of the step before. What stands at the same
//! instant has no order: it never helps a sequence to hold, neither as a next step nor by being
//! absent. `not` within a time needs that time to have passed by the reference moment.

/// An event of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Event {
    /// Its instant.
    pub(super) time: i64,
    /// One bit per step of all sequences: the steps that it can be.
    pub(super) steps: u64,
}

/// A step of a sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    /// The bit of its events.
    pub(super) bit: usize,
    /// Whether it must not happen.
    pub(super) not: bool,
    /// How long after the step before, at most, in milliseconds.
    pub(super) within: Option<i64>,
}

/// Whether `events`, ascending in time and all before `until`, follow the links.
///
/// For each step the instants at which it can be met are kept. The latest instant of the step
/// before is the best one for every next event, since it leaves the shortest stretch in which
/// something may be too late or forbidden; so one pass per step is enough.
pub(super) fn follows(links: &[Link], events: &[Event], until: i64) -> bool {
    let of = |bit: usize| events.iter().filter(move |event| event.steps >> bit & 1 == 1);
    let times = |bit: usize| of(bit).map(|event| event.time).collect::<Vec<i64>>();
    let mut links = links.iter();
    let Some(first) = links.next() else { return false };
    let mut reached = times(first.bit);
    // What must not happen between the instants reached and the next step.
    let mut forbidden: Vec<Vec<i64>> = Vec::new();
    for link in links {
        if link.not {
            let against = times(link.bit);
            match link.within {
                Some(within) => reached.retain(|time| {
                    let end = time.saturating_add(within);
                    end < until && !any_in(&against, *time, end)
                }),
                None => forbidden.push(against),
            }
            continue;
        }
        let mut next = Vec::new();
        let mut before = 0;
        for time in times(link.bit) {
            while reached.get(before).is_some_and(|reached| *reached < time) {
                before += 1;
            }
            let Some(latest) = before.checked_sub(1).and_then(|at| reached.get(at)) else {
                continue;
            };
            let in_time = link.within.is_none_or(|within| time - latest <= within);
            if in_time && !forbidden.iter().any(|against| any_in(against, *latest, time)) {
                next.push(time);
            }
        }
        forbidden.clear();
        reached = next;
    }
    reached.iter().any(|time| !forbidden.iter().any(|against| any_in(against, *time, until)))
}

/// Whether one of the ascending `times` lies in `from..=to`.
fn any_in(times: &[i64], from: i64, to: i64) -> bool {
    let at = times.partition_point(|time| *time < from);
    times.get(at).is_some_and(|time| *time <= to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn link(bit: usize, not: bool, within: Option<i64>) -> Link {
        Link { bit, not, within }
    }

    /// Every choice of events, one after the other: the definition.
    fn by_trying(links: &[Link], events: &[Event], until: i64) -> bool {
        fn from(links: &[Link], events: &[Event], until: i64, last: i64) -> bool {
            let has = |event: &Event, bit: usize| event.steps >> bit & 1 == 1;
            let nots = links.iter().take_while(|link| link.not).count();
            let (nots, rest) = links.split_at(nots);
            for not in nots {
                if let Some(within) = not.within {
                    let end = last + within;
                    let clash = |e: &Event| has(e, not.bit) && e.time >= last && e.time <= end;
                    if end >= until || events.iter().any(clash) {
                        return false;
                    }
                }
            }
            let clean = |end: i64| {
                nots.iter().filter(|not| not.within.is_none()).all(|not| {
                    !events.iter().any(|e| has(e, not.bit) && e.time >= last && e.time <= end)
                })
            };
            let Some((next, rest)) = rest.split_first() else { return clean(until) };
            events.iter().any(|event| {
                has(event, next.bit)
                    && event.time > last
                    && next.within.is_none_or(|within| event.time - last <= within)
                    && clean(event.time)
                    && from(rest, events, until, event.time)
            })
        }
        let Some((first, rest)) = links.split_first() else { return false };
        let firsts = events.iter().filter(|event| event.steps >> first.bit & 1 == 1);
        let mut firsts = firsts.map(|event| event.time);
        firsts.any(|time| from(rest, events, until, time))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn one_pass_per_step_finds_what_trying_all_finds(
            mut events in proptest::collection::vec((0i64..30, 0u64..8), 0..9),
            rest in proptest::collection::vec((0usize..3, any::<bool>(), proptest::option::of(0i64..12)), 0..4),
        ) {
            events.sort_unstable();
            let events: Vec<Event> = events.into_iter().map(|(time, steps)| Event { time, steps }).collect();
            let mut links = vec![link(0, false, None)];
            links.extend(rest.into_iter().map(|(bit, not, within)| link(bit, not, within)));
            prop_assert_eq!(follows(&links, &events, 30), by_trying(&links, &events, 30));
        }
    }

    #[test]
    fn what_stands_at_the_same_instant_never_helps() {
        let view_and_order = [Event { time: 5, steps: 1 }, Event { time: 5, steps: 2 }];
        let then_order = [link(0, false, None), link(1, false, None)];
        assert!(!follows(&then_order, &view_and_order, 100));
        let then_no_order = [link(0, false, None), link(1, true, Some(3))];
        assert!(!follows(&then_no_order, &view_and_order, 100));
        assert!(follows(&then_no_order, &view_and_order[..1], 100));
    }

    #[test]
    fn a_time_that_has_not_passed_proves_nothing() {
        let view = [Event { time: 5, steps: 1 }];
        let then_no_order = [link(0, false, None), link(1, true, Some(10))];
        assert!(!follows(&then_no_order, &view, 15));
        assert!(follows(&then_no_order, &view, 16));
    }
}
