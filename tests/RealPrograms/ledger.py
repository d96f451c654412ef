# A job with state in memory and in files, which checks at each step that they agree: a log of records that is rotated, a header that is rewritten in place, and a SQLite
# database that stays open. Ends at the next multiple of 200 steps when the file "stop" is there, and writes what all files are then; an argument ends it at that step.
import hashlib, os, sqlite3, sys, time

directory, mode = sys.argv[1], sys.argv[2]
last = int(sys.argv[3]) if len(sys.argv) > 3 else None
os.chdir(directory)
base = sqlite3.connect("ledger.db", isolation_level=None)
base.execute(f"pragma journal_mode={mode}")
base.execute("pragma synchronous=off")
base.execute("create table entry (step integer primary key, amount integer, note blob)")
log = open("records", "xb", buffering=0)
header = os.open("header", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o640)
os.pwrite(header, bytes(65536), 0)
state, total, step, written, rotations = b"start", 0, 0, 0, 0


def require(condition, what):
    if not condition:
        print("FAIL:", what, "at step", step, flush=True)
        os._exit(1)


def check():
    rows, amount = base.execute("select count(*), coalesce(sum(amount), 0) from entry").fetchone()
    require((rows, amount) == (step, total), f"the database has {rows} rows and {amount}, memory {step} and {total}")
    require(os.pread(header, 40, 0) == step.to_bytes(8, "little") + hashlib.sha256(state).digest(), "the header is another")
    require(os.stat("records").st_size == written == os.fstat(log.fileno()).st_size, "the log has another size")


while not (last == step or (last is None and step % 200 == 0 and step > 0 and os.path.exists("stop"))):
    state = hashlib.sha256(state).digest()
    amount = state[0] * 256 + state[1]
    base.execute("begin immediate")
    base.execute("insert into entry values (?, ?, ?)", (step + 1, amount, state * 20))
    base.execute("update entry set amount = amount + 1 where step = ?", (1 + amount % (step + 1),))
    base.execute("commit")
    step, total = step + 1, total + amount + 1
    if step % 100 == 0:
        log.close()
        rotations, written = rotations + 1, 0
        os.rename("records", f"records.{rotations}")
        log = open("records", "xb", buffering=0)
    written += log.write(state * 4)
    os.pwrite(header, step.to_bytes(8, "little") + hashlib.sha256(state).digest(), 0)
    check()
    if step == 20:
        print("working", flush=True)
    if last is None:
        time.sleep(0.001)

require(base.execute("pragma integrity_check").fetchone() == ("ok",), "the database is damaged")
digest = hashlib.sha256()
for row in base.execute("select * from entry order by step"):
    digest.update(repr(row).encode())
print("database", digest.hexdigest())
for name in ["header", "records"] + [f"records.{number + 1}" for number in range(rotations)]:
    print(name, hashlib.sha256(open(name, "rb").read()).hexdigest())
print("end", step, flush=True)
