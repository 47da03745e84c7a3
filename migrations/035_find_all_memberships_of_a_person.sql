-- Everybody's rows in channels, also of those who were never in: what is exported and erased of a person. It serves what
-- channel_members_person did, which every write paid for besides. Its drop needs the table for itself, so it is tried as in 016.
CREATE INDEX IF NOT EXISTS channel_members_of_person ON public.channel_members (member_id, channel_id);
DO $$
BEGIN
    FOR attempt IN 1..200 LOOP
        BEGIN
            SET LOCAL lock_timeout = '300ms';
            DROP INDEX IF EXISTS public.channel_members_person;
            RETURN;
        EXCEPTION WHEN lock_not_available THEN
            PERFORM pg_sleep(0.2);
        END;
    END LOOP;
    RAISE EXCEPTION 'somebody holds public.channel_members for longer than a minute: end that transaction (pg_stat_activity), and migrate again'
        USING ERRCODE = 'lock_not_available';
END
$$;
