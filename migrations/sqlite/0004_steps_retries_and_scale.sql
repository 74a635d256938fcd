-- What a refresh changed, noted in the transaction that changes it: a run that is killed half way and resumed, failed
-- or cancelled, still tells all of it. The finished run's report holds the same; then these rows go.
CREATE TABLE run_steps (
    run          BLOB    NOT NULL REFERENCES runs (id),
    position     INTEGER NOT NULL,
    change       TEXT    NOT NULL CHECK (change IN ('added', 'changed', 'renamed', 'removed')),
    key          TEXT    NOT NULL,
    renamed_from TEXT,
    PRIMARY KEY (run, position),
    CHECK ((change = 'renamed') = (renamed_from IS NOT NULL))
) STRICT, WITHOUT ROWID;

-- Whether the failure was not the content's fault (cancelled, or tried more than once): a refresh tries it again.
ALTER TABLE versions ADD COLUMN may_retry INTEGER NOT NULL DEFAULT 0 CHECK (may_retry IN (0, 1));

-- Whether title or metadata changed since the indexes were last told, and no job is queued to tell them but that of a
-- new version. Should that version fail or be taken back, the one that answers is sent to the indexes again.
ALTER TABLE documents ADD COLUMN is_untold INTEGER NOT NULL DEFAULT 0 CHECK (is_untold IN (0, 1));

-- Claiming looks for expired leases first. Few jobs run; the many that are queued must not be read for that.
CREATE INDEX jobs_running ON jobs (lease_expires_at) WHERE state = 'running';

-- Work that nobody waits for comes after work that somebody does: 10,000 sweeps of a deleted source must not hold up
-- an upload.
ALTER TABLE jobs ADD COLUMN urgency INTEGER NOT NULL DEFAULT 0;
DROP INDEX jobs_unfinished;
CREATE INDEX jobs_unfinished ON jobs (urgency, created_at, id) WHERE state IN ('queued', 'running');
