library(stats)

read_survey <- function(path) {
  data <- read.csv(path, stringsAsFactors = FALSE)
  data$age_group <- cut(data$age, breaks = c(0, 18, 35, 50, 65, Inf))
  data[complete.cases(data), ]
}

fit_model <- function(data) {
  model <- lm(income ~ age + education + factor(region), data = data)
  residuals <- resid(model)
  list(
    model = model,
    r_squared = summary(model)$r.squared,
    outliers = which(abs(scale(residuals)) > 3)
  )
}

survey <- read_survey("survey.csv")
fitted <- fit_model(survey)
print(coef(fitted$model))
cat(sprintf("R squared: %.3f\n", fitted$r_squared))

if (length(fitted$outliers) > 0) {
  survey <- survey[-fitted$outliers, ]
  fitted <- fit_model(survey)
}
plot(survey$age, survey$income, pch = 16, col = "grey40")
abline(lm(income ~ age, data = survey), lwd = 2)
