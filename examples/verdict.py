"""From evidence to a verdict: what was fitted, what it says, and whether a sentence holds."""

import tenfold

run = tenfold.load()  # the newest baseline run in runs/, or the edition that ships
print(run)
print(dict(run.evidence.sizes))

jump = run.ask("rl_jump_ooms", over=6)
print(jump)
print(f"P(more than the essay's 6 OOMs) = {jump.probability:.2f}; 90% interval {jump.interval()}")

for verdict in run.claims("my-claims.toml"):
    print(verdict)
