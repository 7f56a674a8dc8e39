-- The steps of every service and task from one state to another, as pidnap reported them.
create table service_transitions (
  id integer primary key autoincrement,
  instance text not null,
  event_id integer not null,
  service text not null,
  kind text not null check (kind in ('process', 'task')),
  from_state text not null,
  to_state text not null,
  reason_code text,
  reason_message text,
  at integer not null,
  unique (instance, event_id)
) strict;

create index service_transitions_by_service on service_transitions (service, id);
