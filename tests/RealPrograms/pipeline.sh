# bash: a pipeline for each step, and a background pipeline that lives as long as the job.
while kill -0 $$ 2>/dev/null; do echo tick; sleep 0.05; done | while read -r word; do last=$word; done &
sum=1
for ((step = 0; step < $1; step++)); do
    part=$(seq 300 | sort -rn | head -100 | awk '{ total += $1 } END { print total }')
    ((sum = (sum * 31 + part + step) % 1000003))
    echo "step $step $sum"
    if [ -e "$2" ]; then sleep 0.05; fi
done
