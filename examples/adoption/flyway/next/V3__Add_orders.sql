create table ORDERS (
    ID int generated always as identity primary key,
    PERSON_ID int not null,
    PLACED_AT timestamptz not null default now()
);
create index ORDERS_BY_PERSON on ORDERS (PERSON_ID);
