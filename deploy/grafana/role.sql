-- Lets Grafana read the views of the schema `dashboards`, and nothing else. To be run by a superuser in each of the
-- databases fire_safety and incidents after `migrate`; again without effect. The password is set apart:
-- alter role grafana password '…'
do $$
begin
    if not exists (select from pg_roles where rolname = 'grafana') then
        create role grafana login nosuperuser nocreatedb nocreaterole;
    end if;
    execute format('grant connect on database %I to grafana', current_database());
end
$$;
grant usage on schema dashboards to grafana;
grant select on all tables in schema dashboards to grafana;
