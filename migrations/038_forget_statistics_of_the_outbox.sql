-- 036 made statistics that stay for good: of the backlog where much waited then, and everywhere of times that are long over soon. They
-- are forgotten with their column's type, which is the same one here; a new database has none either, and what nobody knows of
-- a column is planned as if next to nothing waited.
--
-- The outbox is locked for as long as its indexes of what waits and what is published are built. Until that begins it is tried with
-- little patience, as in 016. Somebody's own view or publication that names the column forbids it: then the statistics stay.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_stats WHERE schemaname = 'public' AND tablename = 'outbox' AND attname = 'published_at') THEN
        RETURN;
    END IF;
    FOR attempt IN 1..200 LOOP
        BEGIN
            SET LOCAL lock_timeout = '300ms';
            ALTER TABLE public.outbox ALTER COLUMN published_at TYPE timestamptz;
            RETURN;
        EXCEPTION
            WHEN lock_not_available OR deadlock_detected THEN
                PERFORM pg_sleep(0.2);
            WHEN feature_not_supported THEN
                RETURN;
        END;
    END LOOP;
    RAISE EXCEPTION 'somebody holds public.outbox for longer than a minute: end that transaction (pg_stat_activity), and migrate again'
        USING ERRCODE = 'lock_not_available';
END
$$;
