-- What people add to a chunk: words to find it by, or that it is not to be found. An edit belongs to a document and not to
-- a chunk, whose ids change with every version: it keeps the text that it was made on, and each new version places it on
-- the chunk with that text, or the one most like it.
CREATE TABLE chunk_edits (
    id         BLOB    NOT NULL PRIMARY KEY CHECK (length(id) = 16),
    document   BLOB    NOT NULL REFERENCES documents (id),
    text       TEXT    NOT NULL,
    note       TEXT,
    hidden     INTEGER NOT NULL CHECK (hidden IN (0, 1)),
    -- A person's edit is never replaced by a model's.
    author     TEXT    NOT NULL CHECK (author IN ('person', 'model')),
    updated_at INTEGER NOT NULL,
    CHECK (note IS NOT NULL OR hidden = 1)
) STRICT;
CREATE INDEX chunk_edits_by_document ON chunk_edits (document);

-- Where edits are placed. Chunks of retired versions keep theirs, so that an answer as of then is that of then.
CREATE TABLE chunk_edit_places (
    chunk BLOB NOT NULL PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
    edit  BLOB NOT NULL REFERENCES chunk_edits (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX chunk_edit_places_by_edit ON chunk_edit_places (edit);

-- What a model wrote about a version, for people: as JSON, as nothing is searched in it.
CREATE TABLE enrichments (
    version    BLOB NOT NULL PRIMARY KEY REFERENCES versions (id),
    enrichment TEXT NOT NULL
) STRICT;
