# R: matrices, strings and garbage.
arguments <- commandArgs(trailingOnly = TRUE)
set.seed(1)
matrix <- matrix(runif(200 * 200), 200)
total <- 0
seen <- list()
for (step in seq_len(as.integer(arguments[1])) - 1) {
    matrix <- tanh(matrix %*% t(matrix) / 200)
    seen[[step %% 50 + 1]] <- paste("step", step, format(sum(matrix), digits = 12))
    total <- total + sqrt(sum(matrix[step %% 200 + 1, ]^2)) + nchar(paste(unlist(seen), collapse = " "))
    cat(sprintf("step %d %.9f\n", step, total))
    if (file.exists(arguments[2])) Sys.sleep(0.05)
}
