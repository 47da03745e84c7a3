-- Drops what 012 has put better indexes in place of. Nothing asks for these any more, and every write paid for them.
--
-- A drop needs its table for itself, for a moment. It must neither wait long, because everybody else waits behind it, nor
-- hold one table while it waits for the other. So it is tried with little patience, and what a try has locked is given back
-- before the next one. Channels come before the outbox, as in every statement that writes both.
DO $$
BEGIN
    FOR attempt IN 1..200 LOOP
        BEGIN
            SET LOCAL lock_timeout = '300ms';
            DROP INDEX IF EXISTS public.channels_listing;
            DROP INDEX IF EXISTS public.channels_microdao_listing;
            DROP INDEX IF EXISTS public.outbox_message;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(0.2);
        END;
    END LOOP;
    RAISE EXCEPTION 'somebody holds public.channels or public.outbox for longer than a minute: end that transaction (pg_stat_activity), and migrate again'
        USING ERRCODE = 'lock_not_available';
END
$$;
