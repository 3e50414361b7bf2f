use std::path::Path;
use std::time::Duration;

use super::*;
use crate::source::{Problem, Source};
use crate::watch::{Expected, Http, Rule, Units};

/// The mistakes of a file as `line:column message`.
fn mistakes(text: &str) -> Vec<String> {
    let source = Source::new("ssi.toml", text.as_bytes());
    let problems = parse(text.as_bytes(), jiff::tz::db()).err().unwrap_or_default();
    let line = |problem: &Problem| {
        let place = source.position(problem.span);
        format!("{}:{} {}", place.line, place.column, problem.message)
    };
    problems.iter().map(line).collect()
}

fn file(text: &str) -> File {
    parse(text.as_bytes(), jiff::tz::db()).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

#[test]
fn every_mistake_has_its_line_and_column() {
    for (text, expected) in [
        ("[history]\nraw = 7d\n", "2:7 this is not TOML: "),
        ("[history\n", "1:9 this is not TOML: "),
        ("[history]\nrow = \"7d\"\n", "2:1 unknown key `row` in `history`"),
        ("[histroy]\n", "1:2 unknown key `histroy`"),
        ("port = 5000\n", "1:1 unknown key `port`"),
        ("[history]\nraw = 7\n", "2:7 `raw` is a whole number"),
        ("[history]\nraw = \"1h\"\n", "2:7 1h is too short"),
        ("[history]\nhours = \"200y\"\n", "2:9 200y is too long"),
        ("[history]\nraw = \"7 dayz\"\n", "2:7 `dayz` is not a unit of time"),
        ("[history]\nraw = \"\"\n", "2:7 the duration is empty"),
        ("[history]\nevents = 10\n", "2:10 `10` is not a number from 1000 to 10000000"),
        ("[history]\nevents = -1\n", "2:10 `-1` is not a number from"),
        ("[history]\nevents = \"many\"\n", "2:10 `events` is a text"),
        ("[limits]\nrequests = -1\n", "2:12 `-1` is not a number from 0 to 1000000"),
        ("[limits]\nrequests = \"many\"\n", "2:12 `requests` is a text"),
        ("limits = []\n", "1:10 `limits` is a list"),
        ("[http]\nnames = [\"a.example\", \"b c\"]\n", "2:23 `b c` is no name of a host"),
        ("[http]\nnames = \"example.org:80\"\n", "2:9 `example.org:80` is no name of a host"),
        ("[http]\nlisten = [\"127.0.0.1\"]\n", "2:11 `127.0.0.1` is no address to listen on"),
        ("[http]\nlisten = 5000\n", "2:10 `listen` is a whole number"),
        ("[http]\ntrusted_networks = [\"10.0.0.0/40\"]\n", "2:21 `10.0.0.0/40` is no network"),
        ("[http]\nproxies = \"localhost\"\n", "2:11 `localhost` is no network"),
        ("[limits]\nconnections = 1\n", "2:15 `1` is not a number from 16 to 1000000"),
        ("[actions]\nwatches = 1\n", "2:11 `watches` is a whole number"),
        ("[actions]\nwatches = [\"nginx\"]\n", "2:12 `nginx` has no kind"),
        ("[actions]\nauto_fix = 7\n", "2:12 `auto_fix` is a whole number"),
        ("[actions]\nauto_fix = [\"a@.service\"]\n", "2:13 `a@.service` is a template"),
        ("actions = true\n", "1:11 `actions` is true or false"),
        ("history = 7\n", "1:11 `history` is a whole number"),
        ("[watch]\nunit = \"a.service\"\n", "1:1 `watch` is a table"),
        ("watch = [1]\n", "1:9 `watch` is a list"),
        ("[[watch]]\nstate = \"active\"\n", "1:1 this `[[watch]]` names no unit"),
        ("[[watch]]\nunits = []\n", "2:9 this `[[watch]]` names no unit"),
        ("[[watch]]\nunit = \"nginx\"\n", "2:8 `nginx` has no kind"),
        ("[[watch]]\nunit = \"a@.service\"\n", "2:8 `a@.service` is a template"),
        ("[[watch]]\nunit = \"a*/b\"\n", "2:8 `a*/b` is no pattern of names of units: `/` cannot be"),
        ("[[watch]]\nunit = \"[a.service\"\n", "2:8 `[a.service` is no pattern of names of units: "),
        ("[[watch]]\nunit = [\"a.service\"]\n", "2:8 `unit` is a list"),
        ("[[watch]]\nunits = [\"a.service\", 1]\n", "2:23 `units` is a whole number"),
        ("[[watch]]\nunit = \"a.service\"\nunits = [\"b.service\"]\n", "3:9 `unit` and `units` can't be together"),
        ("[[watch]]\nunit = \"a.service\"\nstate = \"runing\"\n", "3:9 `runing` is no state"),
        ("[[watch]]\nunit = \"a.service\"\nport = 0\n", "3:8 `0` is not a number from 1 to 65535"),
        ("[[watch]]\nunit = \"a.service\"\nport = [80, 65536]\n", "3:13 `65536` is not a number"),
        ("[[watch]]\nunit = \"a.service\"\nport = \"80\"\n", "3:8 `port` is a text"),
        ("[[watch]]\nunit = \"a.service\"\nhttp = \"localhost\"\n", "3:8 `localhost` is no address of a page"),
        ("[[watch]]\nunit = \"a.service\"\nstatus = \"200\"\n", "3:1 `status` belongs to `http`, which is missing"),
        ("[[watch]]\nunit = \"a.service\"\nhttp = \"http://x\"\nstatus = \"2x\"\n", "4:10 `2x` is no range"),
        ("[[watch]]\nunit = \"a.service\"\nhttp = \"http://x\"\nstatus = \"400-300\"\n", "4:10 `400-300` is no range"),
        ("[[watch]]\nunit = \"a.service\"\nhttp = \"http://x\"\ntimeout = \"0\"\n", "4:11 0s is too short"),
        ("[[watch]]\nunit = \"a.service\"\nhttp = \"http://x\"\ntimeout = \"2min\"\n", "4:11 2min is too long"),
        ("[[watch]]\nunit = \"a.service\"\nfor = \"5 Minuten\"\n", "3:7 `Minuten` is not a unit of time"),
        ("[[watch]]\nunit = \"a.service\"\nstate = \"inactive\"\nport = 80\n", "4:1 `port` can't be expected of"),
        ("[[watch]]\nunit = \"a.service\"\nunit = \"b.service\"\n", "3:1 this is not TOML: "),
        ("[component]\nname = \"a\"\n", "1:1 `component` is a table"),
        ("[[component]]\nmembers = [\"a\"]\n", "1:1 this `[[component]]` has no name"),
        ("[[component]]\nname = \"A b\"\nmembers = [\"a\"]\n", "2:8 `A b` is no name of a component"),
        ("[[component]]\nname = \"a\"\n", "1:1 this `[[component]]` has no members"),
        ("[[component]]\nname = \"a\"\nmembers = []\n", "3:11 this `[[component]]` has no members"),
        (
            "[[component]]\nname = \"a\"\nmembers = [\"a\", \"check:b c\"]\n",
            "3:17 `check:b c` is no member of a component",
        ),
        ("[[component]]\nname = \"a\"\nmembers = [7]\n", "3:12 `members` is a whole number"),
        ("[[component]]\nname = \"a\"\nmembers = [\"a\"]\nrepo = \"/srv/a\"\n", "4:8 `/srv/a` is no repository"),
        ("[[component]]\nname = \"a\"\nmembers = [\"a\"]\ndomain = \" \"\n", "4:10 `domain` is no text of 1 to 255"),
        (
            "[[component]]\nname = \"a\"\nmembers = [\"a\"]\ndispaly_name = \"A\"\n",
            "4:1 unknown key `dispaly_name` in `component`",
        ),
    ] {
        let found = mistakes(text);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{text}{expected}: {found:#?}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let text = "[[watch]]\nunit = \"a\"\nprot = 80\nstate = \"off\"\n\n[[watch]]\nport = 99999\n\n[history]\nraw = 1\n";
    let places: Vec<_> = mistakes(text).iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(places, ["2:8", "3:1", "4:9", "6:1", "7:8", "10:7"]);
}

#[test]
fn mistakes_say_what_was_meant() {
    let problem = |text: &str| parse(text.as_bytes(), jiff::tz::db()).unwrap_err().remove(0);
    let expected = |text| problem(text).expected.unwrap_or_default();
    let help = |text| problem(text).help.unwrap_or_default();
    assert_eq!(expected("[[watch]]\nunit = \"a.service\"\nprot = 1\n"), "did you mean `port`?");
    assert_eq!(expected("[[watchs]]\n"), "did you mean `watch`?");
    assert_eq!(expected("[[watch]]\nunit = \"a.service\"\nstate = \"actve\"\n"), "did you mean `active`?");
    assert_eq!(help("[history]\nraw = \"7 (days)\"\n"), "write `\"7d\"`");
    assert!(help("[histroy]\n").contains("`http`, `limits`, `watch`, `ping`, `component`"));
    assert!(help("[[watch]]\nunit = \"nginx\"\n").contains("`\"nginx.service\"`"));
}

#[test]
fn what_is_no_text_is_said_at_its_place() {
    let problems = parse(b"# fine\n[history]\n# \xff\n", jiff::tz::db()).unwrap_err();
    assert_eq!(problems[0].message, "the file is not valid UTF-8");
    assert_eq!(problems[0].span.start, 19);
    // What editors of other systems leave behind is fine.
    assert_eq!(
        parse("\u{feff}[history]\r\nraw = \"8d\"\r\n".as_bytes(), jiff::tz::db()).unwrap(),
        file("history.raw = \"8d\"")
    );
    assert_eq!(file(""), File::default());
}

#[test]
fn a_rule_is_read_with_all_it_says() {
    let text = "[[watch]]\nunits = [\"nginx.service\", \"web-*.service\"]\nport = [443, 80, 80]\n\
                http = \"https://localhost/health\"\nstatus = 204\ntimeout = \"2s\"\nfor = \"5min\"\n";
    let file = file(text);
    let rules: Vec<&Rule> = file.rules().collect();
    let http = Http { url: "https://localhost/health".into(), status: (204, 204), timeout: Duration::from_secs(2) };
    let expected = Rule {
        units: Units::Name("nginx.service".parse().unwrap()),
        state: Expected::Active,
        ports: vec![80, 443],
        http: Some(http),
        hold: Duration::from_secs(300),
    };
    assert_eq!(rules, [&expected, &Rule { units: Units::Glob("web-*.service".into()), ..expected.clone() }]);
}

#[test]
fn later_files_count_more() {
    let files = [
        ("a.toml", "[history]\nraw = \"8d\"\nevents = 5000\n[[watch]]\nunit = \"a.service\"\nport = 80\n"),
        ("b.toml", "[history]\nraw = \"9d\"\n[[watch]]\nunits = [\"b.service\", \"a.service\", \"a.service\"]\n"),
    ];
    let files = files.map(|(name, text)| (Path::new(name), file(text)));
    let (settings, problems) = Settings::merge(files.iter().map(|(path, file)| (*path, file)));
    let expected = History { raw: Duration::from_secs(9 * 86_400), events: 5000, ..History::default() };
    assert_eq!(settings.history, expected);
    let watches = settings.watches.iter().map(|watch| (watch.rule.units.to_string(), watch.file.display().to_string()));
    let expected = [("b.service", "b.toml"), ("a.service", "b.toml")];
    assert_eq!(watches.collect::<Vec<_>>(), expected.map(|(unit, file)| (unit.to_owned(), file.to_owned())));
    assert!(settings.watches[1].rule.ports.is_empty());
    let told: Vec<_> = problems.iter().map(|(index, problem)| (*index, problem.span.start)).collect();
    assert_eq!(told, [(0, 52), (1, 53)]);
    assert_eq!(problems[0].1.message, "`a.service` is named again in `b.toml`: what is said there counts");
    assert!(!problems[0].1.is_error());
}

#[test]
fn a_name_counts_more_than_a_pattern_and_of_patterns_the_last() {
    let text = "[[watch]]\nunit = \"web-1.service\"\nport = 1\n[[watch]]\nunit = \"web-*.service\"\nport = 2\n\
                [[watch]]\nunit = \"web-[0-9].service\"\nport = 3\n";
    let file = file(text);
    let (settings, _) = Settings::merge([(Path::new("x.toml"), &file)]);
    let port = |unit: &str| settings.rule_of(&unit.parse().unwrap()).map(|rule| rule.ports[0]);
    assert_eq!(port("web-1.service"), Some(1));
    assert_eq!(port("web-2.service"), Some(3));
    assert_eq!(port("web-10.service"), Some(2));
    assert_eq!(port("web-1.timer"), None);
    assert_eq!(port("db.service"), None);
}

#[test]
fn what_is_rendered_is_read_back() {
    let texts = [
        "[[watch]]\nunit = \"nginx.service\"\n",
        "[[watch]]\nunit = \"dev-disk\\\\x2duuid.swap\"\nstate = \"inactive\"\nfor = \"1min 30s\"\n",
        "[[watch]]\nunit = \"[a-z]*.service\"\nport = [80, 443]\nhttp = \"http://[::1]/?q=1\"\nstatus = \"200\"\ntimeout = \"10s\"\n",
        "[[watch]]\nunit = \"a.service\"\nport = 22\nhttp = \"http://x/\"\n",
    ];
    for text in texts {
        let file = file(text);
        let rendered: String = file.rules().map(render_watch).collect();
        assert_eq!(self::file(&rendered).rules().collect::<Vec<_>>(), file.rules().collect::<Vec<_>>(), "{rendered}");
    }
    for text in ["auto_fix = true\nwatches = false\n", "auto_fix = [\"web-*.service\", \"a.socket\"]\nwatches = true\n"]
    {
        let settings = Settings::merge([(Path::new("ssi.toml"), &self::file(&format!("[actions]\n{text}")))]).0;
        assert_eq!(render_actions(&settings.actions), format!("[actions]\n{text}"));
    }
    let history = render_history(&History::default());
    assert_eq!(
        history,
        "[history]\nraw = \"7d\"\ndetail = \"1d\"\ntransitions = \"1y\"\nhours = \"1y\"\nevents = 100000\n"
    );
    let file = file(&history);
    let (settings, _) = Settings::merge([(Path::new("x"), &file)]);
    assert_eq!(settings, Settings::default());
}

#[test]
fn what_may_be_acted_on_has_to_be_watched() {
    let texts = [
        "[actions]\nauto_fix = [\"a.service\", \"b.service\", \"x-*.service\", \"c.service\"]\nwatches = [\"d.service\"]\n",
        "[[watch]]\nunit = \"a.service\"\n[[watch]]\nunit = \"b*.service\"\n",
    ];
    let files = texts.map(file);
    let (_, problems) = Settings::merge(files.iter().map(|file| (Path::new("x"), file)));
    let told = |(index, problem): &(usize, Problem)| (*index, problem.span.start, problem.message.clone());
    let unwatched = |unit: &str| (0, texts[0].find(&format!("\"{unit}")).unwrap(), format!("`{unit}` is not watched"));
    assert_eq!(problems.iter().map(told).collect::<Vec<_>>(), [unwatched("c.service"), unwatched("d.service")]);
}

#[test]
fn components_are_read_merged_and_rendered() {
    let text = "[[component]]\nname = \"shop\"\ndisplay_name = \"The shop\"\nrepo = \"owner/shop\"\n\
                members = [\"check:shop\", \"nginx.service\", \"disk\"]\n[[watch]]\nunit = \"nginx.service\"\n";
    let again = "[[component]]\nname = \"mail\"\nmembers = \"a\"\n[[component]]\nname = \"shop\"\nmembers = [\"watch:b.timer\", \"a\"]\n";
    let files = [("a.toml", text), ("b.toml", again)].map(|(name, text)| (Path::new(name), file(text)));
    let (settings, problems) = Settings::merge(files[..1].iter().map(|(path, file)| (*path, file)));
    assert_eq!(problems, []);
    let rendered = render_component(&settings.components[0].component);
    assert_eq!(
        rendered,
        text.replace("\"nginx.service\", \"disk\"", "\"watch:nginx.service\", \"check:disk\"")
            .split("[[watch]]")
            .next()
            .unwrap()
    );
    let unknown = settings.unknown_members(|id| id.as_str() == "shop");
    let told: Vec<_> = unknown.iter().map(|(file, problem)| (file.to_str(), problem.message.as_str())).collect();
    assert_eq!(told, [(Some("a.toml"), "no check `disk` is installed")]);
    assert!(!unknown[0].1.is_error() && &text[unknown[0].1.span.start..unknown[0].1.span.end] == "\"disk\"");
    let (settings, problems) = Settings::merge(files.iter().map(|(path, file)| (*path, file)));
    let names: Vec<&str> = settings.components.iter().map(|shown| shown.component.name.as_str()).collect();
    assert_eq!(names, ["mail", "shop"]);
    assert_eq!(problems[0].1.message, "`shop` is named again in `b.toml`: what is said there counts");
    let unknown = settings.unknown_members(|_| true);
    assert_eq!(
        unknown.iter().map(|(_, problem)| problem.message.as_str()).collect::<Vec<_>>(),
        ["`b.timer` is not watched"]
    );
}

#[test]
fn pings_are_read_merged_and_rendered() {
    let (_, key) = crate::ping::Key::new([3; 16]);
    let text = format!(
        "[[ping]]\nname = \"backup\"\ndescription = \"of laptops\"\nschedule = \"0 3 * * *\"\ngrace = \"2h\"\nkey = \"{key}\"\n"
    );
    let again = format!("[[ping]]\nname = \"backup\"\nkey = \"{key}\"\n");
    let files = [("a.toml", &text), ("b.toml", &again)].map(|(name, text)| (Path::new(name), file(text)));
    let (settings, problems) = Settings::merge(files[..1].iter().map(|(path, file)| (*path, file)));
    assert_eq!(problems, []);
    assert_eq!(render_ping(&settings.pings[0].rule), text);
    let (settings, problems) = Settings::merge(files.iter().map(|(path, file)| (*path, file)));
    assert_eq!(
        render_ping(&settings.pings[0].rule),
        format!("[[ping]]\nname = \"backup\"\nevery = \"1d\"\nkey = \"{key}\"\n")
    );
    assert_eq!(problems[0].1.message, "`backup` is named again in `b.toml`: what is said there counts");
    for (text, expected) in [
        ("name = \"a\"", "this `[[ping]]` has no key"),
        ("key = \"KEY\"", "this `[[ping]]` has no name"),
        (
            "name = \"A b\"\nkey = \"KEY\"",
            "`A b` is no name of a ping; expected 1 to 64 of `a`-`z`, `0`-`9`, `_` and `-`",
        ),
        ("name = \"a\"\nkey = \"secret\"", "this is no hash of a key"),
        (
            "name = \"a\"\nkey = \"KEY\"\nevery = \"1h\"\nschedule = \"daily\"",
            "`every` and `schedule` can't be together",
        ),
        ("name = \"a\"\nkey = \"KEY\"\nevery = \"0\"", "0s is too short"),
        ("name = \"a\"\nkey = \"KEY\"\nschedule = \"25:00\"", "this is no schedule: "),
        ("name = \"a\"\nkey = \"KEY\"\ndue = \"1h\"", "unknown key `due` in `ping`"),
    ] {
        let problems = parse(format!("[[ping]]\n{text}\n").replace("KEY", &key.to_string()).as_bytes(), jiff::tz::db())
            .unwrap_err();
        assert!(problems[0].message.starts_with(expected), "{text}: {:?}", problems[0].message);
    }
}
