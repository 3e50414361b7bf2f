//! What the command line asks for.

use std::path::PathBuf;

use crate::rows::{ROWS, Row};

/// One of the things that this program does.
pub enum Asked {
    /// The text for `--help`.
    Help,
    /// To be the reference server of the logs in a directory.
    Reference(PathBuf),
    /// To measure.
    Table(Args),
}

/// What to measure, and how.
pub struct Args {
    /// The build of ssi.
    pub ssi: PathBuf,
    /// Where hosts are laid out.
    pub dir: PathBuf,
    pub rounds: usize,
    /// Small numbers, to see that it works.
    pub quick: bool,
    /// Each row at sizes from 10 to 10,000 instead of its own.
    pub growth: bool,
    /// A missed target is a failure.
    pub check: bool,
    pub json: Option<PathBuf>,
    pub plot: Option<PathBuf>,
    pub rows: Vec<&'static Row>,
}

const USAGE: &str = "\
Measures ssi beside the least that its work takes on the same machine.

usage: ssi-bench [OPTION…] [ROW…]

  --ssi FILE     the build to measure (target/release/ssi)
  --dir DIR      where hosts are laid out meanwhile, on the disk that is meant (target/bench)
  --rounds N     how often each row is measured, in turns with what it is held against (5)
  --quick        small numbers and two rounds: shows that the rows work, not how fast anything is
  --growth       each row at 10 to 10,000 checks, clients or logs
  --json FILE    writes every figure of every round
  --plot FILE    draws how figures grow, as SVG; needs --growth or a row with several sizes
  --check        fails where a target is missed

rows (all of them unless some are named):
";

pub fn help() -> String {
    let rows: String = ROWS.iter().map(|row| format!("  {:<14} {}\n", row.name, row.what)).collect();
    format!("{USAGE}{rows}")
}

/// Reads the arguments behind the program's name; the error is a sentence for the user.
pub fn read(arguments: &[String]) -> Result<Asked, String> {
    let mut args = Args {
        ssi: "target/release/ssi".into(),
        dir: "target/bench".into(),
        rounds: 0,
        quick: false,
        growth: false,
        check: false,
        json: None,
        plot: None,
        rows: Vec::new(),
    };
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let mut value = || rest.next().ok_or_else(|| format!("`{argument}` needs a value behind it"));
        match argument.as_str() {
            "--help" | "-h" => return Ok(Asked::Help),
            "--reference" => return value().map(|logs| Asked::Reference(logs.into())),
            "--ssi" => args.ssi = value()?.into(),
            "--dir" => args.dir = value()?.into(),
            "--rounds" => args.rounds = number(value()?)?,
            "--quick" => args.quick = true,
            "--growth" => args.growth = true,
            "--check" => args.check = true,
            "--json" => args.json = Some(value()?.into()),
            "--plot" => args.plot = Some(value()?.into()),
            name => args.rows.push(row(name)?),
        }
    }
    if args.rounds == 0 {
        args.rounds = if args.quick { 2 } else { 5 };
    }
    if args.rows.is_empty() {
        args.rows = ROWS.iter().collect();
    }
    Ok(Asked::Table(args))
}

fn number(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| format!("`{text}` is no number of rounds; expected 1 or more"))
}

fn row(name: &str) -> Result<&'static Row, String> {
    let names = || ROWS.iter().map(|row| row.name).collect::<Vec<_>>().join(", ");
    ROWS.iter()
        .find(|row| row.name == name)
        .ok_or_else(|| format!("`{name}` is neither an option nor a row; rows are {}", names()))
}
