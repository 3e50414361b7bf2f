//! Outcomes that another witness than the log tells, and timers that drift.

use super::*;

const END: &str = "\t-- run aa end 2026-11-22T08:06:01Z WARNING exit=0 duration=1.000s: 91 %\n";

fn told(folded: &mut Folded, start: Option<&str>, end: &str) {
    let outcome = Outcome::from_lines(folded.id.clone(), start.map(str::trim_end), end.trim_end()).expect("an outcome");
    folded.board.told(&outcome, folded.now, &mut folded.changes);
}

#[test]
fn a_run_has_one_outcome_whoever_tells_it_first() {
    let mut folded = Folded::new("");
    told(&mut folded, Some(START), END);
    assert_eq!(folded.said(), ["started", "finished:success", "WARNING"]);
    // What the log says of it later is passed over, its progress too, and nothing else is.
    folded.read(START).read("OK, begun").read(END).read("FAILURE, of another program");
    assert_eq!(folded.said()[3..], ["FAILURE"]);
    told(&mut folded, Some(START), END);
    assert_eq!(folded.said().len(), 4);
    assert!(folded.board.has_ended(&folded.id, "aa") && !folded.board.has_ended(&folded.id, "bb"));
}

#[test]
fn an_outcome_ends_the_run_that_is_open_and_no_other() {
    let mut folded = Folded::new("");
    folded.read(START).read("UPDATE, half way");
    told(&mut folded, Some(START), END);
    assert_eq!(folded.said(), ["started", "progress:UPDATE", "finished:success", "WARNING"]);
    let mut folded = Folded::new("");
    folded.read("\t-- run bb start 2026-11-22T08:07:00Z trigger=timer");
    told(&mut folded, Some(START), END);
    assert_eq!(folded.said(), ["started", "finished:success", "WARNING"]);
    assert!(folded.entry().running_since().is_some());
}

#[test]
fn an_outcome_that_comes_late_changes_nothing() -> Result<(), Box<dyn std::error::Error>> {
    let mut folded = Folded::new("");
    folded.read("\t-- run bb start 2026-11-22T08:07:00Z trigger=timer");
    folded.read("\t-- run bb end 2026-11-22T08:07:01Z OK exit=0 duration=1.000s: fine");
    let shown = folded.board.rows();
    let late = Outcome::from_lines(folded.id.clone(), Some(START.trim_end()), END.trim_end()).ok_or("no outcome")?;
    for _ in 0..2 {
        folded.board.told_late(&late, &mut folded.changes);
    }
    assert_eq!(folded.said()[3..], ["started", "finished:success", "progress:WARNING"]);
    assert_eq!(folded.board.rows(), shown);
    let Some(Change { body: Body::Status(record), .. }) = folded.changes.last() else { panic!("{:?}", folded.changes) };
    assert!(record.is_late() && !record.changed && record.run.as_deref() == Some("aa"), "{record:?}");
    assert!(folded.board.has_ended(&folded.id, "aa"));
    Ok(())
}

#[test]
fn of_a_run_that_goes_on_a_late_outcome_is_the_end() -> Result<(), Box<dyn std::error::Error>> {
    let mut folded = Folded::new("");
    folded.read(START);
    let late = Outcome::from_lines(folded.id.clone(), Some(START.trim_end()), END.trim_end()).ok_or("no outcome")?;
    folded.board.told_late(&late, &mut folded.changes);
    assert_eq!(folded.said(), ["started", "finished:success", "progress:WARNING"]);
    assert!(folded.entry().running_since().is_none());
    Ok(())
}

fn drift(folded: &mut Folded, cause: Option<&'static str>) -> Vec<String> {
    folded.changes.clear();
    folded.now += Duration::from_secs(1);
    folded.board.drift(&folded.id, cause, folded.now, &mut folded.changes);
    let words = folded.changes.iter().map(|change| match &change.body {
        Body::Status(record) => format!("{} {} {:?}", record.status, record.message, record.marks),
        Body::Updated { check } => format!("updated {:?}", check.marks),
        other => format!("{other:?}"),
    });
    words.collect()
}

#[test]
fn a_timer_that_drifts_makes_its_check_unknown_until_it_is_well() {
    let mut folded = Folded::new("");
    folded.read("2026-11-22 08:05:00, OK, fine");
    let since = folded.entry().since;
    assert_eq!(drift(&mut folded, Some("its timer is masked")), ["UNKNOWN its timer is masked [\"drift\"]"]);
    assert_eq!(drift(&mut folded, Some("its timer is masked")), [""; 0]);
    assert_eq!(drift(&mut folded, Some("its timer is gone")), ["UNKNOWN its timer is gone [\"drift\"]"]);
    assert_eq!(drift(&mut folded, None), ["OK fine []"]);
    assert_eq!((folded.entry().status, folded.entry().since), (Status::Ok, since));
}

#[test]
fn a_result_counts_whatever_the_timer_does() {
    let mut folded = Folded::new("");
    drift(&mut folded, Some("its timer is masked"));
    folded.read("2026-11-22 08:07:00, WARNING, by hand");
    assert_eq!(folded.entry().status, Status::Warning);
    assert_eq!(drift(&mut folded, Some("its timer is gone")), ["updated [\"drift\"]"]);
    assert_eq!(folded.entry().status, Status::Warning);
    assert_eq!(drift(&mut folded, None), ["updated []"]);
    assert_eq!(folded.entry().status, Status::Warning);
}

#[test]
fn a_result_that_is_missing_because_of_drift_says_so() {
    let mut folded = Folded::new("");
    folded.read("2026-11-22 08:05:00, OK, fine");
    drift(&mut folded, Some("its timer is masked"));
    folded.board.overdue(at("09:00:00"), &mut folded.changes);
    assert!(folded.entry().message.ends_with(": its timer is masked"), "{}", folded.entry().message);
    // The time of the status from before is over.
    assert_eq!(drift(&mut folded, None), ["updated [\"overdue\"]"]);
    assert_eq!(folded.entry().status, Status::Unknown);
}
