//! States as the text that a user sees.

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::KeyCode;
use ratatui::style::{Color, Modifier};
use serde_json::{Value, json};

use super::draw;
use crate::cli::top::state::Event;
use crate::cli::top::tests::{Shown, at, name, row};

/// What is drawn, a line each, without the blanks at their ends.
fn screen(shown: &mut Shown, (width, height): (u16, u16)) -> Vec<String> {
    let terminal = terminal(shown, (width, height), true);
    let buffer = terminal.backend().buffer();
    let line = |y| -> String {
        let mut skip = 0;
        let mut line = String::new();
        for x in 0..width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                line.push_str(symbol);
                skip = super::text::width(symbol).max(1);
            }
            skip -= 1;
        }
        line.trim_end().to_owned()
    };
    (0..height).map(line).collect()
}

fn terminal(shown: &mut Shown, (width, height): (u16, u16), color: bool) -> Terminal<TestBackend> {
    shown.state.resize((width.into(), height.into()));
    shown.state.settle();
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(&shown.state, shown.now, color, frame.buffer_mut())).unwrap();
    terminal
}

fn some() -> Shown {
    let mut rows = vec![
        row("disk", "OK", "41 % used"),
        row("door", "FAILURE", "the door is open"),
        row("nginx.service", "WARNING", "restarts"),
        row("off", "OK", "fine"),
    ];
    rows[2]["marks"] = json!(["drift"]);
    rows[3]["enabled"] = json!(false);
    Shown::new(rows)
}

fn detail() -> Value {
    json!({
        "row": row("door", "FAILURE", "the door is open"),
        "header": {"runbook": "https://wiki/door", "user": null, "sandbox": "standard", "network": "yes", "protocol": "ssi", "confirm": 2},
        "schedule_human": "every hour", "next_runs": [at(90).to_string(), at(3690).to_string()], "running_since": null,
        "usual_seconds": 0.25,
        "runs": [{"started": at(-30).to_string(), "finished": at(-29).to_string(), "trigger": "timer", "duration_seconds": 0.2,
            "status": "FAILURE", "message": "the door is open"}],
        "transitions": [{"time": at(-60).to_string(), "from": "OK", "to": "FAILURE", "message": "the door is open", "run": "r"}],
        "log": ["\tolder", "\t-- run r start 2026-11-18T11:06:10Z trigger=timer", "\tsince a while", "FAILURE, the door is open"],
        "journal": ["2026-11-18T11:06:10+0000 systemd[1]: Started door."],
    })
}

#[test]
fn the_board_is_read_at_one_look() {
    let mut shown = some();
    shown.now = at(30);
    let lines = screen(&mut shown, (80, 10));
    assert_eq!(
        lines,
        [
            " web-1  2 of 4 need attention, the worst: FAILURE                  11:07:10 UTC",
            " × 1 FAILURE  ▲ 1 WARNING  ● 2 OK                                   worst first",
            " STATUS     ID             MESSAGE                                 AGE     NEXT",
            " × FAILURE  door           the door is open                       60 s     60 s",
            " ▲ WARNING  nginx.service  [drift] restarts                       60 s     60 s",
            " ● OK       disk           41 % used                              60 s     60 s",
            " ● OK       off            fine                                   60 s      off",
            "",
            "",
            " Enter details  / filter  s sort  r run now  l log  ? help  q quit",
        ]
    );
    shown.run("disk", "started");
    shown.status("disk", "OK", "half way", json!({"progress": true}));
    let lines = screen(&mut shown, (150, 10));
    assert!(lines[2].contains("NAME ") && lines[2].contains("MARKS"), "{lines:#?}");
    assert!(lines[4].contains("The nginx.service") && lines[4].contains("drift"), "{lines:#?}");
    assert!(lines[5].contains("… half way") && lines[5].ends_with("running"), "{lines:#?}");
    let lines = screen(&mut shown, (40, 6));
    assert_eq!(lines[3], " × FAILURE  door          the door is …");
}

#[test]
fn the_sentence_says_how_the_host_is() {
    let ok = || row("disk", "OK", "");
    let rows = [
        (vec![], "nothing is monitored yet"),
        (vec![row("a", "UNKNOWN", "")], "no results yet"),
        (vec![ok(), row("a", "UNKNOWN", "")], "1 of 2 without a result, all else is well"),
        (vec![ok(), row("a", "UPDATE", "")], "all is well"),
        (vec![ok(), row("door", "ERROR", "")], "door: ERROR"),
        (vec![row("a", "WARNING", ""), row("door", "ERROR", "")], "2 of 2 need attention, the worst: ERROR"),
    ];
    for (rows, expected) in rows {
        let line = screen(&mut Shown::new(rows), (80, 24)).remove(0);
        assert!(line.starts_with(&format!(" web-1  {expected}")), "{line}");
    }
}

#[test]
fn what_may_be_out_of_date_is_told_and_never_green() {
    let mut shown = some();
    assert!(colors(&mut shown).contains(&Color::Green));
    shown.now = at(5);
    shown.take(Event::Lost("Connection refused".to_owned()));
    shown.now = at(12);
    let lines = screen(&mut shown, (80, 24));
    assert!(lines[0].starts_with(" web-1  NOT CONNECTED since 11:06:45 (7 s), trying again: Conn"), "{}", lines[0]);
    assert!(lines[3].contains("FAILURE  door"), "the rows stay: {lines:#?}");
    assert_eq!(colors(&mut shown), [Color::Reset]);
    let terminal = terminal(&mut shown, (80, 24), true);
    assert!(terminal.backend().buffer()[(12, 4)].modifier.contains(Modifier::DIM));
}

fn colors(shown: &mut Shown) -> Vec<Color> {
    let terminal = terminal(shown, (80, 24), true);
    let mut colors: Vec<Color> = terminal.backend().buffer().content.iter().map(|cell| cell.fg).collect();
    colors.sort_by_key(ToString::to_string);
    colors.dedup();
    colors
}

#[test]
fn without_colours_words_and_symbols_remain() {
    let terminal = terminal(&mut some(), (80, 24), false);
    let cells = &terminal.backend().buffer().content;
    assert!(cells.iter().all(|cell| (cell.fg, cell.bg) == (Color::Reset, Color::Reset)));
    assert!(cells[3 * 80].modifier.contains(Modifier::REVERSED), "the cursor");
}

#[test]
fn who_waits_for_an_agent_is_told_what_to_do() {
    let mut shown = Shown::unconnected();
    assert!(screen(&mut shown, (80, 24))[0].contains("connecting to the agent"));
    shown.take(Event::Lost("Connection refused".to_owned()));
    shown.now = at(4);
    let lines = screen(&mut shown, (80, 24));
    assert!(lines[0].contains("no agent answers: Connection refused"), "{lines:#?}");
    assert_eq!(lines[4..6], [" no agent answers on here: start one", " trying again for 4 s"]);
    shown.key(KeyCode::Char('?'));
    assert!(screen(&mut shown, (80, 24)).iter().any(|line| line.contains("no agent answers on here")));
}

#[test]
fn all_that_is_known_of_a_thing() {
    let mut shown = some();
    shown.key(KeyCode::Enter);
    assert!(screen(&mut shown, (100, 40))[3].starts_with(" …"));
    shown.take(Event::Detail(name("check", "disk"), Err("of another thing".to_owned())));
    shown.take(Event::Detail(name("check", "door"), Ok(serde_json::from_value(detail()).unwrap())));
    let lines = screen(&mut shown, (100, 40));
    assert!(lines[1].starts_with(" × FAILURE  door  the door is open"), "{lines:#?}");
    for expected in [
        "      name  The door",
        "  schedule  every hour (hourly)",
        " next runs  2026-11-18 11:08:10 (in 90 s)",
        "            2026-11-18 12:08:10 (in 61 min)",
        "   usually  takes 0.250 s",
        " runs with  sandbox standard, network yes, confirm 2",
        "Last output",
        "  2026-11-18 11:06:10 started (timer)",
        "    since a while",
        "  FAILURE the door is open",
        "Runs",
        "  2026-11-18 11:06:10  FAILURE   0.200 s  timer    the door is open",
        "Changes",
        "  2026-11-18 11:05:40       OK → FAILURE  the door is open",
        "Journal",
    ] {
        assert!(lines.iter().any(|line| line.strip_prefix(' ') == Some(expected)), "{expected} is not in {lines:#?}");
    }
    assert!(!lines.iter().any(|line| line.contains("older") || line.contains("another")), "{lines:#?}");
    shown.now = at(60);
    shown.take(Event::Tick);
    assert!(screen(&mut shown, (100, 40)).iter().any(|line| line.ends_with("11:08:10 (in 30 s)")), "times go on");
    let first = screen(&mut shown, (100, 12));
    shown.key(KeyCode::Down);
    assert_eq!(screen(&mut shown, (100, 12))[3], first[4]);
    shown.frame(json!({"type": "removed", "kind": "check", "id": "door", "check": row("door", "OK", "")}));
    assert!(screen(&mut shown, (100, 40))[1].contains("door  is gone"));
}

#[test]
fn a_log_is_followed() {
    let mut shown = some();
    shown.keys("l");
    assert!(screen(&mut shown, (80, 24))[1].contains("door  log"));
    shown.take(Event::Lines(name("check", "door"), Vec::new()));
    assert!(screen(&mut shown, (80, 24))[3].contains("nothing is logged yet"));
    let lines = (0..100).map(|n| format!("\tline {n}")).collect();
    shown.take(Event::Lines(name("check", "door"), lines));
    let lines = screen(&mut shown, (80, 24));
    assert_eq!((lines[3].as_str(), lines[22].as_str()), ("   line 80", "   line 99"));
    assert!(lines[23].ends_with("following  81–100 of 100"), "{lines:#?}");
    shown.key(KeyCode::PageUp);
    shown.take(Event::Lines(name("check", "door"), vec!["\tnew".to_owned()]));
    assert_eq!(screen(&mut shown, (80, 24))[3], "   line 60");
    shown.key(KeyCode::End);
    assert_eq!(screen(&mut shown, (80, 24))[22], "   new");
}

#[test]
fn no_text_breaks_the_layout() {
    let odd = [
        "\x1b[2J\x1b[31mred\r\nnext\u{7}\u{9b}2J".to_owned(),
        "日本語".repeat(100),
        "שלום עולם \u{202e}reversed\u{202c} مرحبا".to_owned(),
        "z\u{300}".repeat(20) + &"\u{301}".repeat(1000),
        "👩\u{200d}👩\u{200d}👧\u{fe0f} 🇩🇪 👍🏽".to_owned(),
        "long ".repeat(2000),
        "\u{feff}\u{ad}\u{200b}".to_owned(),
    ];
    let rows = odd.iter().enumerate().map(|(n, text)| {
        let mut row = row(&format!("odd{n}"), "WARNING", text);
        (row["name"], row["id"]) = (json!(text), json!(format!("odd{n}{text}")));
        row["marks"] = json!([text]);
        row
    });
    let mut shown = Shown::new(rows.collect());
    for width in [80, 100, 150] {
        let lines = screen(&mut shown, (width, 24));
        for line in &lines[3..10] {
            assert!(line.starts_with(" ▲ WARNING  odd") && line.ends_with("30 s     90 s"), "{line:?} in {lines:#?}");
            assert!(super::text::width(line) < width.into(), "{line:?}");
            assert!(!line.chars().any(char::is_control), "{line:?}");
        }
    }
    shown.keys("/");
    shown.keys(&"x\u{301}日".repeat(100));
    screen(&mut shown, (30, 8));
    shown.key(KeyCode::Esc);
    shown.keys("l");
    shown.take(Event::Lines(shown.state.pages[0].name().unwrap().clone(), odd.to_vec()));
    for size in [(80, 24), (10, 4), (1, 1), (2, 30), (200, 2), (0, 0)] {
        screen(&mut shown, size);
    }
    for size in [(9, 5), (1, 1), (300, 3)] {
        shown.key(KeyCode::Esc);
        screen(&mut shown, size);
    }
}
