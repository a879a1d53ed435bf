CREATE TABLE readers (
    id          INTEGER PRIMARY KEY,
    name        VARCHAR(100) NOT NULL,
    joined      DATE NOT NULL DEFAULT CURRENT_DATE,
    blocked     BOOLEAN NOT NULL DEFAULT FALSE
);

CREATE TABLE books (
    id          INTEGER PRIMARY KEY,
    title       VARCHAR(200) NOT NULL,
    author      VARCHAR(100),
    published   SMALLINT CHECK (published BETWEEN 1400 AND 2100)
);

CREATE TABLE loans (
    book_id     INTEGER NOT NULL REFERENCES books (id),
    reader_id   INTEGER NOT NULL REFERENCES readers (id) ON DELETE CASCADE,
    due         DATE NOT NULL,
    returned    DATE,
    PRIMARY KEY (book_id, reader_id, due)
);

CREATE INDEX loans_due ON loans (due) WHERE returned IS NULL;

INSERT INTO readers (id, name) VALUES
    (1, 'Anna'),
    (2, 'Boris');
