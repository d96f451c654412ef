CREATE TABLE IF NOT EXISTS "__EFMigrationsHistory" (
    "MigrationId" TEXT NOT NULL CONSTRAINT "PK___EFMigrationsHistory" PRIMARY KEY,
    "ProductVersion" TEXT NOT NULL
);

CREATE TABLE "jobs" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_jobs" PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "pid" INTEGER NOT NULL,
    "start_ticks" INTEGER NOT NULL,
    "boot_id" TEXT NOT NULL,
    "command" TEXT NOT NULL,
    "registered_at" INTEGER NOT NULL,
    "is_registered" INTEGER NOT NULL,
    "next_number" INTEGER NOT NULL
);

CREATE UNIQUE INDEX "jobs_name" ON "jobs" ("name");

CREATE TABLE "generations" (
    "job_id" INTEGER NOT NULL,
    "number" INTEGER NOT NULL,
    "manifest" BLOB NOT NULL,
    "created_at" INTEGER NOT NULL,
    "duration" INTEGER NOT NULL,
    "new_bytes" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "tracker" TEXT NOT NULL,
    "capture" TEXT NOT NULL,
    "freeze_us" INTEGER NOT NULL,
    "processes" INTEGER NOT NULL,
    "threads" INTEGER NOT NULL,
    "populated_bytes" INTEGER NOT NULL,
    "dirty_bytes" INTEGER NOT NULL,
    CONSTRAINT "PK_generations" PRIMARY KEY ("job_id", "number"),
    CONSTRAINT "generations_job" FOREIGN KEY ("job_id") REFERENCES "jobs" ("id") ON DELETE RESTRICT
);

CREATE TABLE "packs" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_packs" PRIMARY KEY AUTOINCREMENT,
    "pack_id" BLOB NOT NULL,
    "bytes" INTEGER NOT NULL,
    "chunks" INTEGER NOT NULL,
    "trailer_hash" BLOB NOT NULL
);

CREATE UNIQUE INDEX "packs_pack_id" ON "packs" ("pack_id");

CREATE TABLE "chunks" (
    "chunk_id" BLOB NOT NULL CONSTRAINT "PK_chunks" PRIMARY KEY,
    "pack" INTEGER NOT NULL,
    "offset" INTEGER NOT NULL,
    "stored_bytes" INTEGER NOT NULL,
    "plain_bytes" INTEGER NOT NULL,
    "kind" INTEGER NOT NULL,
    "codec" INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122010000_Initial', '10.0.11');

ALTER TABLE "jobs" ADD "cgroup" TEXT NULL;

ALTER TABLE "jobs" ADD "policy" TEXT NOT NULL DEFAULT '';

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122130000_JobPolicy', '10.0.11');

ALTER TABLE "generations" ADD "is_pinned" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "generations" ADD "note" TEXT NOT NULL DEFAULT '';

ALTER TABLE "generations" ADD "is_damaged" INTEGER NOT NULL DEFAULT 0;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122150000_Retention', '10.0.11');

ALTER TABLE "packs" ADD "is_ledger" INTEGER NOT NULL DEFAULT 0;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122150100_Ledgers', '10.0.11');

ALTER TABLE "packs" ADD "proved_at" INTEGER NULL;

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122150200_Proofs', '10.0.11');

ALTER TABLE "jobs" ADD "is_paused" INTEGER NOT NULL DEFAULT 0;

ALTER TABLE "jobs" ADD "outcome" TEXT NOT NULL DEFAULT '';

ALTER TABLE "jobs" ADD "owner" INTEGER NULL;

CREATE TABLE "events" (
    "id" INTEGER NOT NULL CONSTRAINT "PK_events" PRIMARY KEY AUTOINCREMENT,
    "job_id" INTEGER NOT NULL,
    "at" INTEGER NOT NULL,
    "kind" TEXT NOT NULL,
    "generation" INTEGER NULL,
    "pid" INTEGER NULL,
    "exit_code" INTEGER NULL,
    "signal" INTEGER NULL,
    "detail" TEXT NOT NULL,
    CONSTRAINT "events_job_id" FOREIGN KEY ("job_id") REFERENCES "jobs" ("id") ON DELETE CASCADE
);

CREATE INDEX "events_job" ON "events" ("job_id", "id");

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122170000_Events', '10.0.11');

CREATE TABLE "bad_chunks" (
    "chunk_id" BLOB NOT NULL CONSTRAINT "PK_bad_chunks" PRIMARY KEY,
    "pack" INTEGER NOT NULL
);

INSERT INTO "__EFMigrationsHistory" ("MigrationId", "ProductVersion")
VALUES ('20261122200000_BadChunks', '10.0.11');
