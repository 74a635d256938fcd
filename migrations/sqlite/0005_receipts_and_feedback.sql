-- What every answer was made from. One row per answer, whether or not a conversation keeps it: an answer that cannot
-- be made again cannot be explained.
CREATE TABLE receipts (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    knowledge_base BLOB    NOT NULL REFERENCES knowledge_bases (id),
    -- The key that asked; NULL for the local operator.
    owner          BLOB,
    -- Question, candidates, passages, prompt, settings and answer as JSON.
    body           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX receipts_by_age ON receipts (knowledge_base, id);

CREATE TABLE feedback (
    answer         BLOB    NOT NULL REFERENCES receipts (id) ON DELETE CASCADE,
    -- 16 zero bytes for the local operator: NULL would not be unique.
    by_key         BLOB    NOT NULL CHECK (length(by_key) = 16),
    rating         TEXT    CHECK (rating IN ('up', 'down')),
    corrected      TEXT,
    preferred      TEXT    NOT NULL,
    comment        TEXT,
    updated_at     INTEGER NOT NULL,
    PRIMARY KEY (answer, by_key)
) STRICT, WITHOUT ROWID;
