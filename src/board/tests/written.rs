//! Rows that are kept as JSON are those that the board has, whatever happens to it.

use super::*;
use crate::event::Row;
use crate::watch::{Active, Expected, Facts, Observation, Rule, UnitName, Units};

const UNIT: &str = "a.service";

#[track_caller]
fn assert_kept_is_present(board: &Board, step: usize) {
    let kept: Vec<String> = board.written().map(|row| row.json.get().to_owned()).collect();
    let present: Vec<String> = board.rows().iter().map(|row| serde_json::to_string(row).unwrap()).collect();
    assert_eq!(kept, present, "step {step}");
    let of = |row: &Row| (row.key.clone(), row.status);
    let keys: Vec<_> = board.written().map(|row| (row.key.clone(), row.status)).collect();
    assert_eq!(keys, board.rows().iter().map(of).collect::<Vec<_>>(), "step {step}");
}

fn rule(state: Expected) -> Rule {
    let file = crate::config::parse(b"[[watch]]\nunit = \"a.service\"\n", jiff::tz::db()).unwrap();
    Rule { state, units: Units::Name(UNIT.parse().unwrap()), ..file.rules().next().unwrap().clone() }
}

#[test]
fn what_is_kept_of_a_row_follows_it() {
    let (id, unit): (CheckId, UnitName) = ("disk".parse().unwrap(), UNIT.parse().unwrap());
    let at =
        |seconds: i64| "2026-11-22T08:06:00Z".parse::<Timestamp>().unwrap() + jiff::SignedDuration::from_secs(seconds);
    let read = |board: &mut Board, text: &str| {
        board.read(&"disk".parse().unwrap(), &line::parse(text), at(10), &mut Vec::new())
    };
    let other = "# id: other";
    let out = &mut Vec::new();
    let mut board = Board::new("host", TimeZone::UTC);
    let board = &mut board;
    let mut step = 0;
    let mut same = |board: &Board| {
        step += 1;
        assert_kept_is_present(board, step);
    };
    board.install(check(""), true, at(0), out);
    same(board);
    board.install(check(other), true, at(0), out);
    same(board);
    board.schedule(&id, Some(at(300)), out);
    same(board);
    for text in [
        START.trim_end(),
        "UPDATE, half way",
        "\t-- run aa end 2026-11-22T08:06:01Z WARNING exit=0: 91 %",
        "OK, by cron",
    ] {
        read(board, text);
        same(board);
    }
    board.started(&id, "bb", None, at(20), out);
    same(board);
    board.lost(&id, "bb", at(30), out);
    same(board);
    board.awake(at(3600));
    same(board);
    board.drift(&id, Some("its timer is masked"), at(3700), out);
    same(board);
    board.drift(&id, None, at(3701), out);
    same(board);
    board.overdue(at(100_000), out);
    assert!(board.get(&id).unwrap().is_overdue());
    same(board);
    board.enable(&id, false, out);
    same(board);
    board.install(check("# tags: web"), false, at(100_001), out);
    same(board);
    let state = board.get(&id).unwrap().state();
    board.remove(&id, out);
    same(board);
    board.install(check(""), true, at(0), out);
    same(board);
    board.restore(&id, state, out);
    same(board);

    board.expect(vec![rule(Expected::Active)], at(0), out);
    same(board);
    let active = Facts { active: Some(Active::Active), description: Some("A".to_owned()), ..Facts::default() };
    board.observe(&unit, Observation::Read(active), at(1), out);
    same(board);
    board.starting(Some(at(60)), at(2), out);
    same(board);
    board.ending(true, at(3), out);
    same(board);
    board.expect(vec![rule(Expected::Inactive)], at(4), out);
    same(board);
    board.forget(&unit, out);
    same(board);
}
