-- What reading a file found, told per document, so that a document that lost content says so and the list can be
-- filtered by it. NULL in versions that were read before this was told; code that knows nothing of it goes on as before.
ALTER TABLE versions ADD COLUMN ocr_pages INTEGER;
ALTER TABLE versions ADD COLUMN tables INTEGER;
-- ISO 639-1 where there is such a code, else ISO 639-3.
ALTER TABLE versions ADD COLUMN language TEXT;
