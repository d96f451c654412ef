# sh: forks and execs all the time.
step=0 sum=1
while [ $step -lt "$1" ]; do
    sum=$(/usr/bin/expr \( $sum \* 31 + "$(/bin/echo $step)" \) % 1000003)
    /bin/true
    /bin/echo "step $step $sum"
    if [ -e "$2" ]; then /bin/sleep 0.05; fi
    step=$((step + 1))
done
