//! Measures ssi beside the least that its work takes on the same machine, in turns: what disturbs the machine disturbs both.
//!
//! Input: the rows to measure, and a build of ssi. Output: a table, and on request the same as JSON and a plot of how figures grow.

mod args;
mod clients;
mod clock;
mod figure;
mod host;
mod json;
mod lines;
mod plot;
mod process;
mod reference;
mod report;
mod rows;
mod server;
mod table;
mod websocket;

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use args::{Args, Asked};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let ended = match args::read(&arguments) {
        Ok(Asked::Help) => {
            print!("{}", args::help());
            Ok(ExitCode::SUCCESS)
        }
        Ok(Asked::Reference(logs)) => reference::serve(&logs).map(|()| ExitCode::SUCCESS),
        Ok(Asked::Table(args)) => measure(&args),
        Err(mistake) => {
            eprintln!("ssi-bench: {mistake}");
            return ExitCode::from(2);
        }
    };
    ended.unwrap_or_else(|error| {
        eprintln!("ssi-bench: {error}");
        ExitCode::FAILURE
    })
}

fn measure(args: &Args) -> io::Result<ExitCode> {
    clients::raise_file_limit()?;
    let (results, failed) = table::run(args);
    write(args.json.as_deref(), || json::render(args, &results))?;
    write(args.plot.as_deref(), || plot::render(&results))?;
    let misses =
        results.iter().flat_map(|result| &result.figures).filter(|figure| figure.is_met() == Some(false)).count();
    println!("\n{misses} targets missed, {failed} rows failed");
    let is_fine = failed == 0 && (misses == 0 || !args.check);
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn write(path: Option<&Path>, text: impl FnOnce() -> String) -> io::Result<()> {
    path.map_or(Ok(()), |path| fs::write(path, text()))
}
