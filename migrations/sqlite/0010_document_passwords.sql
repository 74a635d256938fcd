-- Passwords that open encrypted files: given with an upload, and needed whenever the file is read again. They belong to a
-- document's place, and are there before the version that needs them. What they protect lies beside them as text, so they
-- are kept as they are; nothing ever shows them.
CREATE TABLE document_passwords (
    source   BLOB NOT NULL REFERENCES sources (id),
    key      TEXT NOT NULL,
    password TEXT NOT NULL,
    PRIMARY KEY (source, key)
) STRICT, WITHOUT ROWID;

-- They go with what they open.
CREATE TRIGGER document_passwords_go_with_documents AFTER UPDATE OF deleted_at ON documents
WHEN NEW.deleted_at IS NOT NULL
BEGIN
    DELETE FROM document_passwords WHERE source = NEW.source AND key = NEW.key;
END;
CREATE TRIGGER document_passwords_go_with_knowledge_bases AFTER UPDATE OF deleted_at ON knowledge_bases
WHEN NEW.deleted_at IS NOT NULL
BEGIN
    DELETE FROM document_passwords WHERE source IN (SELECT id FROM sources WHERE knowledge_base = NEW.id);
END;
