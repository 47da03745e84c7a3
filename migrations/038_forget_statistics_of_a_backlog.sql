-- Where much waited in the outbox while 036 was applied, that is what plans are made for ever since. Statistics are forgotten
-- with their column's type, the same one here; what nobody knows of a column is planned as if next to nothing waited. Elsewhere nothing is done.
-- That takes the table for itself while its indexes of what is published and what is not are built, hence the little patience of 016.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public' AND tablename = 'outbox' AND attname = 'published_at'
                   AND null_frac > 0.005) THEN
        RETURN;
    END IF;
    FOR attempt IN 1..200 LOOP
        BEGIN
            SET LOCAL lock_timeout = '300ms';
            ALTER TABLE public.outbox ALTER COLUMN published_at TYPE timestamptz;
            RETURN;
        EXCEPTION WHEN lock_not_available OR deadlock_detected THEN
            PERFORM pg_sleep(0.2);
        END;
    END LOOP;
    RAISE EXCEPTION 'somebody holds public.outbox for longer than a minute: end that transaction (pg_stat_activity), and migrate again'
        USING ERRCODE = 'lock_not_available';
END
$$;
