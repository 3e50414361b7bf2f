-- The first layout, as it was.

-- How the numbering of events goes on; one row.
CREATE TABLE head (
    id    INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    seq   INTEGER NOT NULL,  -- the last number
    floor INTEGER NOT NULL,  -- events up to this number are gone
    behind INTEGER NOT NULL, -- whether the logs hold what it has not learnt
    clean INTEGER NOT NULL   -- whether the writer said goodbye
);

-- Checks and watches, also those that were removed, as long as anything of them is kept.
CREATE TABLE things (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    name    TEXT NOT NULL,
    rolled  INTEGER NOT NULL DEFAULT 0,  -- hours before this one are in `hours`
    trimmed INTEGER NOT NULL DEFAULT 0,  -- runs before this hour were deleted
    UNIQUE (kind, name)
);

-- What an agent that starts again goes on from: the board's state and the place in the log, as JSON.
CREATE TABLE saved (
    thing INTEGER PRIMARY KEY,
    state TEXT NOT NULL,
    place TEXT
);

-- Triggers, results, exits and marks.
CREATE TABLE words (
    id   INTEGER PRIMARY KEY,
    word TEXT NOT NULL UNIQUE
);

-- Runs with their verdicts.
CREATE TABLE runs (
    thing    INTEGER NOT NULL,
    start    INTEGER NOT NULL,            -- where that is not known: the end
    run      NOT NULL,                    -- 16 bytes, or text where it is not 32 hexadecimal digits
    known    INTEGER NOT NULL DEFAULT 1,  -- whether the start is known
    going    INTEGER NOT NULL DEFAULT 1,  -- whether it goes on
    took     INTEGER,                     -- from `start` to the end
    duration INTEGER,                     -- as the runner measured it
    cpu      INTEGER,
    rss      INTEGER,                     -- bytes
    cause,                                -- what started it: a word's number, or text
    result,
    exit,
    metrics  TEXT,                        -- performance data as plugins write it
    detail   INTEGER,                     -- its row in `details`
    said     INTEGER,                     -- from `start` to the verdict where that is not `took`
    verdict  INTEGER,
    status   INTEGER,                     -- that of the board after it
    marks,
    message  TEXT,
    PRIMARY KEY (thing, start, run)
) WITHOUT ROWID;
CREATE UNIQUE INDEX runs_once ON runs (thing, run);
CREATE INDEX runs_good_detail ON runs (thing, start) WHERE detail IS NOT NULL AND verdict IN (1, 2);

-- What runs printed beside status lines.
CREATE TABLE details (
    id    INTEGER PRIMARY KEY,
    lines TEXT NOT NULL
);

-- Lines that say a status and are no verdict of a run above: progress, lines of other programs, results that did not come.
CREATE TABLE records (
    id        INTEGER PRIMARY KEY,
    thing     INTEGER NOT NULL,
    time      INTEGER NOT NULL,
    line_time INTEGER,
    progress  INTEGER NOT NULL,
    verdict   INTEGER NOT NULL,
    status    INTEGER NOT NULL,
    marks,
    run,
    message   TEXT NOT NULL
);
CREATE INDEX records_of ON records (thing, time);

-- Changes of status. One without a status: the thing was removed.
CREATE TABLE transitions (
    id      INTEGER PRIMARY KEY,
    thing   INTEGER NOT NULL,
    time    INTEGER NOT NULL,
    previous INTEGER NOT NULL,
    status  INTEGER,
    run,
    message TEXT NOT NULL
);
CREATE INDEX transitions_of ON transitions (thing, time);

-- Hours in which a thing ran or changed. All others follow from the status before them.
CREATE TABLE hours (
    thing       INTEGER NOT NULL,
    hour        INTEGER NOT NULL,
    healthy     INTEGER NOT NULL,  -- milliseconds
    bad         INTEGER NOT NULL,
    unknown     INTEGER NOT NULL,
    transitions INTEGER NOT NULL,
    runs        INTEGER NOT NULL,
    timed       INTEGER NOT NULL,  -- runs whose duration is known
    shortest    INTEGER,
    total       INTEGER NOT NULL,
    longest     INTEGER,
    status      INTEGER,           -- at the end of the hour
    PRIMARY KEY (thing, hour)
) WITHOUT ROWID;

-- Events as they were sent.
CREATE TABLE events (
    seq       INTEGER PRIMARY KEY,
    is_change INTEGER NOT NULL,
    frame     BLOB NOT NULL
);
