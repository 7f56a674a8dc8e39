-- Which keys of the env file were added, changed or removed through the API, and when. Never a value.
create table env_changes (
  id integer primary key autoincrement,
  key text not null,
  action text not null check (action in ('added', 'changed', 'removed')),
  at integer not null
) strict;
