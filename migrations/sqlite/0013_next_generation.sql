-- The generation that a knowledge base changes to, while its current versions are cut and indexed there. A version with
-- chunk rows in it is done; when all are, one update moves it to `generation`.
ALTER TABLE knowledge_bases ADD COLUMN next_generation BLOB REFERENCES generations (id);

-- The chunk's text, where its edit was made on another one because the document was cut in another way then. With the
-- move each such chunk gets an edit of its own with it.
ALTER TABLE chunk_edit_places ADD COLUMN text TEXT;
