-- The members of an archive and the attachments of a message are documents of their own: each has its versions, its
-- job, its title and its failure. This column tells whose member a document is: it is hidden with its parent, and a
-- refresh of its source, which sees files and not what lies within them, leaves it alone. Code that knows nothing of
-- it stores documents that stand by themselves.
ALTER TABLE documents ADD COLUMN parent BLOB REFERENCES documents (id);

-- A parent's next version asks for its members, and so does deleting it. Most documents are nobody's member.
CREATE INDEX documents_by_parent ON documents (parent) WHERE parent IS NOT NULL AND deleted_at IS NULL;
