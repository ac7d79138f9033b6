CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item text NOT NULL,
    ordered timestamptz NOT NULL DEFAULT now(),
    fulfilled timestamptz
);
