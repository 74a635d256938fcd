-- A conversation belongs to the key that began it; NULL where the operator did, or where it is older than this column.
-- Without a foreign key: a conversation may outlive its key, and then is an admin's to see.
ALTER TABLE conversations ADD COLUMN owner BLOB CHECK (length(owner) = 16);

-- The idempotency key is taken before the request's work is done, so that of two racing requests one works. Until the
-- work is done the response is empty. Code that knows nothing of this writes finished responses only.
ALTER TABLE idempotent_responses ADD COLUMN pending INTEGER NOT NULL DEFAULT 0 CHECK (pending IN (0, 1));
