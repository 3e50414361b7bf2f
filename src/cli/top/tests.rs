//! Frames and keys go in, the state and wishes come out.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

use super::frame::Name;
use super::state::{Event, Link, State, Wish};
use crate::status::Status;

/// So many seconds after the beginning of the tests.
pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_795_000_000).unwrap() + SignedDuration::from_secs(seconds)
}

pub(super) fn name(kind: &str, id: &str) -> Name {
    Name { kind: kind.to_owned(), id: id.to_owned() }
}

/// A row of a frame.
pub(super) fn row(id: &str, status: &str, message: &str) -> Value {
    json!({
        "host": "web-1", "kind": if id.contains('.') { "watch" } else { "check" }, "id": id, "name": format!("The {id}"),
        "description": "of a test", "version": "1.0", "tags": ["tagged"], "profile": null, "schedule": "hourly",
        "schedule_human": "every hour", "timeout_seconds": 20.0, "enabled": true, "status": status, "message": message,
        "since": at(-60).to_string(), "last_run": at(-30).to_string(), "next_run": at(90).to_string(), "deadline": null, "marks": [],
    })
}

/// A state in front of its user.
pub(super) struct Shown {
    pub(super) state: State,
    pub(super) now: Timestamp,
    seq: u64,
}

impl Shown {
    pub(super) fn new(rows: Vec<Value>) -> Shown {
        let mut shown = Shown::unconnected();
        shown.hello(rows);
        shown
    }

    pub(super) fn unconnected() -> Shown {
        let state = State::new((80, 24), TimeZone::UTC, "no agent answers on here: start one".to_owned());
        Shown { state, now: at(0), seq: 0 }
    }

    pub(super) fn hello(&mut self, rows: Vec<Value>) -> Vec<Wish> {
        self.frame(json!({"type": "hello", "host_id": "h", "checks": rows}))
    }

    /// A frame, with the fields that each has.
    pub(super) fn frame(&mut self, mut frame: Value) -> Vec<Wish> {
        self.seq += 1;
        let common = json!({"epoch": "e", "seq": self.seq, "host": "web-1", "time": self.now.to_string()});
        frame.as_object_mut().unwrap().extend(common.as_object().unwrap().clone());
        let frame = serde_json::from_value(frame).unwrap();
        self.take(Event::Frame(frame))
    }

    pub(super) fn status(&mut self, id: &str, status: &str, message: &str, more: Value) -> Vec<Wish> {
        let mut frame = json!({
            "type": "status", "kind": "check", "id": id, "status": status, "previous": "OK", "changed": true,
            "progress": false, "message": message, "line_time": null, "run": "r", "marks": [],
        });
        frame.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.frame(frame)
    }

    pub(super) fn run(&mut self, id: &str, phase: &str) -> Vec<Wish> {
        self.frame(json!({"type": "run", "kind": "check", "id": id, "run": "r", "phase": phase, "marks": []}))
    }

    pub(super) fn take(&mut self, event: Event) -> Vec<Wish> {
        let wishes = self.state.take(event, self.now);
        self.state.settle();
        wishes
    }

    pub(super) fn key(&mut self, code: KeyCode) -> Vec<Wish> {
        let wishes = self.state.press(KeyEvent::new(code, KeyModifiers::NONE), self.now);
        self.state.settle();
        wishes
    }

    /// Keys that are characters.
    pub(super) fn keys(&mut self, text: &str) -> Vec<Wish> {
        text.chars().flat_map(|c| self.key(KeyCode::Char(c))).collect()
    }

    fn ids(&self) -> Vec<&str> {
        self.state.order.rows(&self.state.board, 0).map(|item| item.id.as_str()).collect()
    }

    fn current(&self) -> &str {
        self.state.current().map(|item| item.id.as_str()).unwrap_or_default()
    }

    fn is(&self, id: &str) -> (Status, &str) {
        let item = self.state.board.get(&name("check", id)).unwrap();
        (item.row.status, &item.message)
    }
}

fn some() -> Shown {
    Shown::new(vec![
        row("disk10", "OK", "41 % used"),
        row("disk2", "OK", "fine"),
        row("door", "FAILURE", "open"),
        row("nginx.service", "WARNING", "restarts"),
        row("never", "UNKNOWN", ""),
    ])
}

#[test]
fn the_worst_comes_first_and_names_count() {
    let mut shown = some();
    assert_eq!(shown.ids(), ["door", "nginx.service", "never", "disk2", "disk10"]);
    assert_eq!(shown.state.order.counts()[..2], [(Status::Failure, 1), (Status::Warning, 1)]);
    shown.now = at(5);
    shown.status("disk10", "FAILURE", "full", json!({}));
    assert_eq!(shown.ids()[..2], ["disk10", "door"], "the newest of two equals is the news");
    shown.key(KeyCode::Char('s'));
    assert_eq!(shown.ids(), ["disk2", "disk10", "door", "never", "nginx.service"]);
    shown.key(KeyCode::Char('s'));
    assert_eq!(shown.ids()[0], "disk10", "the newest result");
    shown.key(KeyCode::Char('s'));
    assert_eq!(shown.ids()[0], "disk2", "all run next at the same time");
    shown.key(KeyCode::Char('s'));
    assert_eq!(shown.ids()[0], "disk10");
}

#[test]
fn the_filter_looks_at_id_name_message_and_tags() {
    let rows: &[(&str, &[&str])] = &[
        ("DISK", &["disk2", "disk10"]),
        ("the door", &["door"]),
        ("41", &["disk10"]),
        ("tagged restarts", &["nginx.service"]),
        ("nothing of all", &[]),
    ];
    for (filter, expected) in rows {
        let mut shown = some();
        shown.keys("/");
        shown.keys(filter);
        assert_eq!(shown.ids(), *expected, "{filter}");
        shown.key(KeyCode::Enter);
        assert_eq!(shown.ids(), *expected, "{filter} is kept");
        shown.key(KeyCode::Esc);
        assert_eq!(shown.ids().len(), 5);
    }
    let mut shown = some();
    shown.keys("/door");
    shown.key(KeyCode::Backspace);
    assert_eq!(shown.state.order.filter, "doo");
    shown.keys("q");
    assert_eq!(shown.ids().len(), 0, "letters are no commands while a filter is typed");
    shown.key(KeyCode::Esc);
    assert_eq!((shown.ids().len(), shown.state.is_typing), (5, false));
}

#[test]
fn events_are_folded_as_the_protocol_says() {
    let mut shown = some();
    shown.now = at(10);
    shown.run("door", "started");
    shown.status("door", "OK", "half way", json!({"progress": true}));
    assert_eq!(shown.is("door"), (Status::Failure, "open"), "progress changes nothing");
    let item = shown.state.board.get(&name("check", "door")).unwrap();
    assert_eq!((item.running, item.progress.as_deref()), (Some(at(10)), Some("half way")));
    shown.status("door", "FAILURE", "still open", json!({"changed": false}));
    shown.run("door", "finished");
    assert_eq!(shown.is("door"), (Status::Failure, "still open"));
    let item = shown.state.board.get(&name("check", "door")).unwrap();
    assert_eq!((item.running, &item.progress, item.row.since), (None, &None, Some(at(-60))));
    assert_eq!(item.result, Some(at(10)));
    shown.status("disk2", "OK", "too full", json!({"changed": false, "marks": ["soft"]}));
    assert_eq!(shown.is("disk2"), (Status::Ok, "fine"), "a soft verdict does not count yet");
    shown.status("disk2", "UNKNOWN", "no result came", json!({"marks": ["overdue"]}));
    let item = shown.state.board.get(&name("check", "disk2")).unwrap();
    assert_eq!((item.row.marks.clone(), item.result), (vec!["overdue".to_owned()], Some(at(10))));
    shown.frame(json!({"type": "removed", "kind": "check", "id": "disk10", "check": row("disk10", "OK", "")}));
    shown.frame(json!({"type": "added", "kind": "check", "id": "new", "check": row("new", "ERROR", "x")}));
    shown.frame(json!({"type": "of-tomorrow", "kind": "moon", "id": "full"}));
    assert_eq!(shown.ids(), ["new", "door", "nginx.service", "disk2", "never"]);
    let mut marked = row("nginx.service", "OK", "");
    marked["marks"] = json!(["drift", "adopted"]);
    shown.hello(vec![marked]);
    assert_eq!(shown.ids(), ["nginx.service"]);
    shown.status("nginx.service", "OK", "up", json!({"kind": "watch", "marks": ["adopted"]}));
    assert_eq!(shown.state.current().unwrap().row.marks, ["adopted"]);
}

#[test]
fn the_cursor_stays_on_its_thing_and_the_first_row_on_the_worst() {
    let mut shown = some();
    assert_eq!(shown.current(), "door");
    shown.status("disk10", "ERROR", "broken", json!({}));
    assert_eq!(shown.current(), "disk10", "nobody has moved the cursor");
    shown.keys("jj");
    assert_eq!(shown.current(), "nginx.service");
    shown.status("disk2", "ERROR", "broken", json!({}));
    assert_eq!((shown.current(), shown.state.row), ("nginx.service", 3));
    shown.frame(
        json!({"type": "removed", "kind": "watch", "id": "nginx.service", "check": row("nginx.service", "OK", "")}),
    );
    assert_eq!(shown.state.row, 3, "what is gone leaves the cursor where it was");
    shown.key(KeyCode::End);
    shown.key(KeyCode::Down);
    assert_eq!(shown.state.row, 3);
    shown.key(KeyCode::Home);
    shown.key(KeyCode::Up);
    assert_eq!(shown.state.row, 0);
}

#[test]
fn a_thousand_rows_scroll() {
    let mut shown = Shown::new((0..1000).map(|n| row(&format!("c{n}"), "OK", "")).collect());
    let place = |shown: &Shown| (shown.state.top, shown.state.row);
    shown.key(KeyCode::PageDown);
    assert_eq!(place(&shown), (1, 20));
    shown.key(KeyCode::End);
    assert_eq!(place(&shown), (980, 999));
    shown.key(KeyCode::Up);
    assert_eq!(place(&shown), (980, 998), "the window moves when it must");
    shown.key(KeyCode::PageUp);
    assert_eq!(place(&shown), (978, 978));
    shown.state.resize((80, 104));
    shown.state.settle();
    assert_eq!(place(&shown), (900, 978));
    shown.state.resize((3, 2));
    shown.state.settle();
    assert_eq!(place(&shown), (978, 978));
    shown.keys("gG");
    assert_eq!(shown.state.row, 999);
}

#[test]
fn a_loss_is_told_since_when_and_a_frame_ends_it() {
    let mut shown = Shown::unconnected();
    assert_eq!(shown.state.link, Link::Connecting);
    shown.hello(vec![row("door", "OK", "shut")]);
    shown.now = at(3);
    shown.take(Event::Lost("it hung up".to_owned()));
    shown.now = at(9);
    shown.take(Event::Lost("refused".to_owned()));
    assert_eq!(shown.state.link, Link::Lost { since: at(3), reason: "refused".to_owned() });
    shown.frame(json!({"type": "hello", "host_id": "h", "resumed": true}));
    assert_eq!(shown.state.link, Link::Live);
    shown.status("door", "FAILURE", "open", json!({}));
    assert_eq!(shown.is("door"), (Status::Failure, "open"));
}

#[test]
fn keys_make_wishes() {
    let mut shown = some();
    let door = || name("check", "door");
    assert_eq!(shown.keys("r"), [Wish::Run(door())]);
    assert_eq!(shown.key(KeyCode::Enter), [Wish::Ask(door())]);
    assert_eq!(shown.keys("r"), [Wish::Run(door())], "of what the page shows");
    assert_eq!(shown.status("door", "OK", "shut", json!({})), [Wish::Ask(door())], "a page is kept up to date");
    assert_eq!(shown.status("disk2", "OK", "fine", json!({})), []);
    assert_eq!(shown.keys("l"), [Wish::Follow(door())]);
    assert_eq!(shown.keys("l"), []);
    assert_eq!(shown.keys("q"), [Wish::Unfollow]);
    assert_eq!(shown.key(KeyCode::Esc), []);
    assert!(shown.state.pages.is_empty());
    shown.keys("/nginx");
    shown.key(KeyCode::Enter);
    assert_eq!(shown.keys("r"), [], "a watch has nothing to run");
    let mut ping =
        Shown::new(vec![json!({"kind": "ping", "id": "backup", "name": "backup", "enabled": true, "status": "OK"})]);
    assert_eq!((ping.keys("l"), ping.keys("r")), (vec![], vec![]), "nor has what runs elsewhere");
    assert_eq!(ping.key(KeyCode::Enter), [Wish::Ask(name("ping", "backup"))]);
    assert!(shown.state.note(shown.now).is_some_and(|note| note.is_bad));
    assert_eq!(shown.keys("l"), [Wish::Follow(name("watch", "nginx.service"))]);
    shown.keys("?q");
    assert_eq!(shown.keys("q"), [Wish::Unfollow]);
    assert_eq!(shown.keys("q"), [Wish::Quit]);
    let control = |c| KeyEvent::new(KeyCode::Char(c), KeyModifiers::CONTROL);
    shown.keys("/");
    assert_eq!((shown.state.press(control('j'), at(0)), shown.state.is_typing), (vec![], false));
    shown.keys("/");
    assert_eq!(shown.state.press(control('c'), at(0)), [Wish::Quit]);
    assert_eq!(shown.state.press(control('z'), at(0)), [Wish::Suspend]);
}

#[test]
fn the_next_run_is_asked_for_when_it_has_passed() {
    let mut shown = some();
    assert_eq!(shown.run("door", "finished"), [], "it was no run of the timer");
    shown.now = at(91);
    assert_eq!(shown.run("door", "finished"), [Wish::Refresh]);
    let mut fresh = row("door", "OK", "not told by the stream");
    fresh["next_run"] = json!(at(3690).to_string());
    shown.take(Event::Rows(vec![serde_json::from_value(fresh).unwrap()]));
    let item = shown.state.board.get(&name("check", "door")).unwrap();
    assert_eq!((item.row.next_run, item.row.status), (Some(at(3690)), Status::Failure));
}

#[test]
fn notes_go_and_mistakes_stay_until_a_key_is_pressed() {
    let mut shown = some();
    for (is_bad, later) in [(false, false), (true, true)] {
        shown.take(Event::Note { text: "started door".to_owned(), is_bad });
        assert!(shown.state.note(at(1)).is_some());
        assert_eq!(shown.state.note(at(60)).is_some(), later);
        shown.keys("j");
        assert!(shown.state.note(at(1)).is_none());
    }
}
