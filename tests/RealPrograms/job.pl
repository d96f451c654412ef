# Perl: strings, hashes and a child through a pipe for each step.
use strict;
use warnings;
$| = 1;
my (%seen, $sum);
for my $step (0 .. $ARGV[0] - 1) {
    for my $i (0 .. 20000) { $sum = (($sum // 1) * 31 + $i) % 1000003; }
    $seen{"key$sum"}++;
    open(my $child, '-|', 'expr', $sum, '+', $step) or die "expr: $!";
    my $answer = <$child>;
    close($child);
    chomp $answer;
    print "step $step $answer ", scalar(keys %seen), "\n";
    select(undef, undef, undef, 0.05) if -e $ARGV[1];
}
