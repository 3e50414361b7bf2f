//! What shellcheck says of a script, where it is installed.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::source::{Problem, Severity, Source};

/// It needs a few seconds for the longest scripts that are written by hand.
const LIMIT: Duration = Duration::from_secs(20);

#[derive(Deserialize)]
struct Report {
    comments: Vec<Comment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Comment {
    line: usize,
    end_line: usize,
    column: usize,
    end_column: usize,
    code: u32,
    message: String,
}

/// Its findings, matters of taste left out; all of them are warnings, for bash takes the script. `None` where there is no shellcheck.
pub(super) async fn findings(content: &[u8]) -> Option<Vec<Problem>> {
    let mut command = Command::new("shellcheck");
    command.args(["--format=json1", "--shell=bash", "--severity=info", "-"]).kill_on_drop(true);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let ask = async {
        // It may answer without having read everything.
        let _ = stdin.write_all(content).await;
        drop(stdin);
        child.wait_with_output().await
    };
    let output = tokio::time::timeout(LIMIT, ask).await.ok()?.ok()?;
    let report: Report = serde_json::from_slice(&output.stdout).ok()?;
    let source = Source::new("", content);
    Some(report.comments.into_iter().map(|comment| problem(&source, comment)).collect())
}

fn problem(source: &Source<'_>, comment: Comment) -> Problem {
    let Comment { line, end_line, column, end_column, code, message } = comment;
    let span = source.span((line, column), (end_line, end_column));
    let mut problem = Problem::new(Severity::Warning, span, format!("{message} (SC{code})"));
    problem.help = Some(format!("`# shellcheck disable=SC{code}` above the line keeps it quiet"));
    problem
}
