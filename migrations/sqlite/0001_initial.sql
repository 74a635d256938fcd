-- The first schema. Conventions (ids, times, states, deletion) and their reasons: ../README.md

-- Settings that decide what lies in the indexes. Equal settings share a generation, found by the fingerprint.
CREATE TABLE generations (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    fingerprint BLOB    NOT NULL UNIQUE CHECK (length(fingerprint) = 32),
    embedder    TEXT    NOT NULL,
    dimension   INTEGER NOT NULL CHECK (dimension > 0),
    analyzer    INTEGER NOT NULL,
    chunker     TEXT    NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;

CREATE TABLE knowledge_bases (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace   BLOB    NOT NULL CHECK (length(workspace) = 16),
    name        TEXT    NOT NULL,
    description TEXT    NOT NULL,
    settings    TEXT    NOT NULL,
    -- The generation that answers questions. A flip to another one is one update of this column.
    generation  BLOB    NOT NULL REFERENCES generations (id),
    created_at  INTEGER NOT NULL,
    deleted_at  INTEGER
) STRICT;
-- A deleted knowledge base gives its name free.
CREATE UNIQUE INDEX knowledge_bases_by_name ON knowledge_bases (workspace, name) WHERE deleted_at IS NULL;
CREATE INDEX knowledge_bases_by_age ON knowledge_bases (workspace, id) WHERE deleted_at IS NULL;

CREATE TABLE sources (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    knowledge_base BLOB    NOT NULL REFERENCES knowledge_bases (id),
    name           TEXT    NOT NULL,
    -- JSON with a "kind" and what that kind needs.
    kind           TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    deleted_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX sources_by_name ON sources (knowledge_base, name) WHERE deleted_at IS NULL;
-- Every knowledge base has exactly one source for uploads: created with it, and never removed alone.
CREATE UNIQUE INDEX sources_one_upload ON sources (knowledge_base)
    WHERE json_extract(kind, '$.kind') = 'upload' AND deleted_at IS NULL;

CREATE TABLE documents (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    knowledge_base BLOB    NOT NULL REFERENCES knowledge_bases (id),
    source         BLOB    NOT NULL REFERENCES sources (id),
    key            TEXT    NOT NULL,
    -- What people see: the title that the current version gives itself, else the given one.
    title          TEXT    NOT NULL,
    -- What the source called it, kept for versions that have no title of their own.
    given_title    TEXT    NOT NULL,
    metadata       TEXT    NOT NULL,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    deleted_at     INTEGER
) STRICT;
CREATE UNIQUE INDEX documents_by_key ON documents (source, key) WHERE deleted_at IS NULL;
CREATE INDEX documents_by_age ON documents (knowledge_base, id) WHERE deleted_at IS NULL;

CREATE TABLE versions (
    id           BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    document     BLOB    NOT NULL REFERENCES documents (id),
    -- 1, 2, 3… within the document. Which version is newer is told by this and not by a clock, which may go back.
    number       INTEGER NOT NULL CHECK (number > 0),
    content      BLOB    NOT NULL CHECK (length(content) = 32),
    bytes        INTEGER NOT NULL CHECK (bytes >= 0),
    -- Retired is the end: a retired version never comes back, so its index entries may be swept at any time.
    state        TEXT    NOT NULL CHECK (state IN ('pending', 'current', 'retired', 'failed')),
    failure      TEXT,
    created_at   INTEGER NOT NULL,
    activated_at INTEGER,
    retired_at   INTEGER,
    -- What parsing found: all of these, or none (content_type tells), but for the title.
    content_type TEXT,
    title        TEXT,
    parsed       BLOB CHECK (length(parsed) = 32),
    text         BLOB CHECK (length(text) = 32),
    chars        INTEGER,
    pages        INTEGER,
    chunks       INTEGER,
    embedded     INTEGER,
    engine       TEXT,
    warnings     TEXT,
    UNIQUE (document, number),
    CHECK (state <> 'current' OR (content_type IS NOT NULL AND activated_at IS NOT NULL)),
    CHECK (state <> 'failed' OR failure IS NOT NULL)
) STRICT;
-- One current version at the most: the database itself keeps two versions from answering at once.
CREATE UNIQUE INDEX versions_one_current ON versions (document) WHERE state = 'current';

-- Clustered by version: a version's rows are written, read and removed together.
CREATE TABLE chunks (
    version       BLOB    NOT NULL REFERENCES versions (id),
    generation    BLOB    NOT NULL REFERENCES generations (id),
    ordinal       INTEGER NOT NULL CHECK (ordinal >= 0),
    id            BLOB    NOT NULL CHECK (length(id) = 16),
    -- In scalar values of the version's canonical text.
    span_start    INTEGER NOT NULL CHECK (span_start >= 0),
    span_end      INTEGER NOT NULL CHECK (span_end >= span_start),
    page_first    INTEGER,
    page_last     INTEGER CHECK ((page_first IS NULL) = (page_last IS NULL)),
    heading_path  TEXT    NOT NULL,
    embedded_text BLOB    NOT NULL CHECK (length(embedded_text) = 32),
    PRIMARY KEY (version, generation, ordinal)
) STRICT, WITHOUT ROWID;
-- Hits come as chunk ids and are confirmed by them.
CREATE UNIQUE INDEX chunks_by_id ON chunks (id);

-- Fingerprints are long and repeated by every vector: stored once, named by a small number.
CREATE TABLE embedders (
    id          INTEGER NOT NULL PRIMARY KEY,
    fingerprint TEXT    NOT NULL UNIQUE
) STRICT;

-- What was embedded once is never embedded again: an unchanged chunk of a new version finds its vector here, and an
-- index is rebuilt from here without a model.
CREATE TABLE vectors (
    embedder INTEGER NOT NULL REFERENCES embedders (id),
    text     BLOB    NOT NULL CHECK (length(text) = 32),
    -- f32, little-endian.
    vector   BLOB    NOT NULL CHECK (length(vector) % 4 = 0),
    PRIMARY KEY (embedder, text)
) STRICT;

CREATE TABLE jobs (
    id               BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    -- The kind's name, for people; the payload is the kind with its data as JSON.
    kind             TEXT    NOT NULL,
    payload          TEXT    NOT NULL,
    -- Jobs with the same key never run at the same time.
    exclusive_key    TEXT    NOT NULL,
    knowledge_base   BLOB REFERENCES knowledge_bases (id),
    state            TEXT    NOT NULL CHECK (state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    attempts         INTEGER NOT NULL DEFAULT 0,
    stage            TEXT    NOT NULL DEFAULT '',
    done             INTEGER NOT NULL DEFAULT 0,
    total            INTEGER NOT NULL DEFAULT 0,
    error            TEXT,
    run_at           INTEGER NOT NULL,
    -- The holder's token. Kept when the job ends, so that telling the end twice is harmless; emptied when the holder
    -- lost the job, so that none of its writes pass.
    lease_token      BLOB CHECK (length(lease_token) = 16),
    lease_expires_at INTEGER,
    cancel_requested INTEGER NOT NULL DEFAULT 0 CHECK (cancel_requested IN (0, 1)),
    created_at       INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    finished_at      INTEGER,
    CHECK (state <> 'running' OR lease_expires_at IS NOT NULL),
    CHECK ((state IN ('queued', 'running')) = (finished_at IS NULL))
) STRICT;
-- Finished jobs pile up; claiming must not read them.
CREATE INDEX jobs_unfinished ON jobs (created_at, id) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_exclusive_key ON jobs (exclusive_key) WHERE state IN ('queued', 'running');
CREATE INDEX jobs_by_knowledge_base ON jobs (knowledge_base, id);

CREATE TABLE schedules (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    source      BLOB    NOT NULL REFERENCES sources (id),
    cron        TEXT    NOT NULL,
    time_zone   TEXT    NOT NULL,
    enabled     INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    next_run_at INTEGER NOT NULL,
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX schedules_due ON schedules (next_run_at) WHERE enabled = 1;
CREATE INDEX schedules_by_source ON schedules (source);

CREATE TABLE runs (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    source      BLOB    NOT NULL REFERENCES sources (id),
    job         BLOB    NOT NULL UNIQUE REFERENCES jobs (id),
    started_by  TEXT    NOT NULL CHECK (started_by IN ('schedule', 'manual')),
    created_at  INTEGER NOT NULL,
    finished_at INTEGER,
    report      TEXT
) STRICT;
CREATE INDEX runs_by_source ON runs (source, id);

CREATE TABLE api_keys (
    id          BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    workspace   BLOB    NOT NULL CHECK (length(workspace) = 16),
    name        TEXT    NOT NULL,
    -- SHA-256 of 256 random bits: there is nothing to guess, so no slow hash is needed.
    secret_hash BLOB    NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    role        TEXT    NOT NULL CHECK (role IN ('reader', 'editor', 'admin')),
    scope       TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    revoked_at  INTEGER
) STRICT;

CREATE TABLE idempotent_responses (
    api_key         BLOB    NOT NULL REFERENCES api_keys (id),
    idempotency_key TEXT    NOT NULL,
    fingerprint     BLOB    NOT NULL CHECK (length(fingerprint) = 32),
    response        TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    PRIMARY KEY (api_key, idempotency_key)
) STRICT;
-- Old ones are forgotten by age.
CREATE INDEX idempotent_responses_by_age ON idempotent_responses (created_at);

CREATE TABLE conversations (
    id             BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    knowledge_base BLOB    NOT NULL REFERENCES knowledge_bases (id),
    title          TEXT    NOT NULL,
    created_at     INTEGER NOT NULL
) STRICT;
CREATE INDEX conversations_by_age ON conversations (knowledge_base, id);

CREATE TABLE messages (
    -- The order of appending, whatever the clocks said.
    position     INTEGER PRIMARY KEY AUTOINCREMENT,
    id           BLOB    NOT NULL UNIQUE CHECK (length(id) = 16),
    conversation BLOB    NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    role         TEXT    NOT NULL CHECK (role IN ('system', 'user', 'assistant')),
    content      TEXT    NOT NULL,
    -- The whole answer as JSON, so that it reloads as it was given.
    answer       TEXT,
    created_at   INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation, position);
