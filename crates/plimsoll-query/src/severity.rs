//! Severities as PostgreSQL's enum would have them: words that are ordered from `unknown` to `critical`.
//!
//! The engine has no enum. A column of severities is text whose field is marked, and a rule over the logical plan, which runs
//! before types are coerced, replaces what depends on the order: `<`, `<=`, `>`, `>=` and BETWEEN compare ranks, ORDER BY sorts by
//! rank, MAX and MIN choose by rank. A literal that is compared with a severity must be one of the words, as with an enum.
//! `severity::text` is text again. PostgreSQL: "Enumerated Types".

use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, AsArray, Int8Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Field, FieldRef};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result, ScalarValue, plan_err};
use datafusion::logical_expr::expr::{
    AggregateFunction, Between, BinaryExpr, InList, Sort, WindowFunction, WindowFunctionDefinition,
};
use datafusion::logical_expr::expr_rewriter::NamePreserver;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::utils::merge_schema;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, ColumnarValue, Distinct, Expr, ExprSchemable, LogicalPlan,
    Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::optimizer::AnalyzerRule;
use plimsoll_types::Severity;

/// The mark of a field whose texts are severities.
const MARK: (&str, &str) = ("plimsoll.enum", "severity");

/// Marks a field's texts as severities.
pub(crate) fn mark(field: Field) -> Field {
    field.with_metadata([(MARK.0.to_owned(), MARK.1.to_owned())].into())
}

fn marked(field: &Field) -> bool {
    field.metadata().get(MARK.0).is_some_and(|value| value == MARK.1)
}

/// The place of a word in the order.
fn rank(word: &str) -> Option<i8> {
    Severity::ALL.iter().rev().zip(0..).find(|(severity, _)| severity.word() == word).map(|(_, rank)| rank)
}

fn ranks(texts: &ArrayRef) -> Result<Int8Array> {
    let texts = cast(texts, &DataType::Utf8)?;
    Ok(texts.as_string::<i32>().iter().map(|word| word.and_then(rank)).collect())
}

/// A word's place in the order, as a number.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Rank {
    signature: Signature,
}

impl ScalarUDFImpl for Rank {
    fn name(&self) -> &str {
        "severity_rank"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Int8)
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> Result<ColumnarValue> {
        match arguments.args.first() {
            Some(ColumnarValue::Array(texts)) => Ok(ColumnarValue::Array(Arc::new(ranks(texts)?))),
            Some(ColumnarValue::Scalar(text)) => {
                let word = text.try_as_str().flatten();
                Ok(ColumnarValue::Scalar(ScalarValue::Int8(word.and_then(rank))))
            }
            None => plan_err!("severity_rank wants a severity"),
        }
    }
}

/// MAX or MIN of severities.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Extreme {
    greatest: bool,
    signature: Signature,
}

impl AggregateUDFImpl for Extreme {
    fn name(&self) -> &str {
        if self.greatest { "severity_max" } else { "severity_min" }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn return_field(&self, _: &[FieldRef]) -> Result<FieldRef> {
        Ok(Arc::new(mark(Field::new(self.name(), DataType::Utf8, true))))
    }

    fn accumulator(&self, _: AccumulatorArgs<'_>) -> Result<Box<dyn Accumulator>> {
        Ok(Box::new(Extremes { greatest: self.greatest, best: None }))
    }
}

#[derive(Debug)]
struct Extremes {
    greatest: bool,
    best: Option<(i8, String)>,
}

impl Accumulator for Extremes {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some(texts) = values.first() else { return Ok(()) };
        let texts = cast(texts, &DataType::Utf8)?;
        for word in texts.as_string::<i32>().iter().flatten() {
            let Some(rank) = rank(word) else { continue };
            let better = self
                .best
                .as_ref()
                .is_none_or(|(best, _)| if self.greatest { rank > *best } else { rank < *best });
            if better {
                self.best = Some((rank, word.to_owned()));
            }
        }
        Ok(())
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        Ok(ScalarValue::Utf8(self.best.as_ref().map(|(_, word)| word.clone())))
    }

    fn size(&self) -> usize {
        size_of::<Self>() + 16
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.evaluate()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        self.update_batch(states)
    }
}

/// The rule that gives severities their order.
#[derive(Debug)]
pub(crate) struct Order {
    rank: Arc<ScalarUDF>,
    max: Arc<AggregateUDF>,
    min: Arc<AggregateUDF>,
}

impl Order {
    pub(crate) fn new() -> Order {
        let signature = || Signature::any(1, Volatility::Immutable);
        let extreme =
            |greatest| Arc::new(AggregateUDF::new_from_impl(Extreme { greatest, signature: signature() }));
        Order {
            rank: Arc::new(ScalarUDF::new_from_impl(Rank { signature: signature() })),
            max: extreme(true),
            min: extreme(false),
        }
    }

    fn node(&self, plan: LogicalPlan) -> Result<Transformed<LogicalPlan>> {
        // What is below may have got marks that it did not have.
        let plan = plan.recompute_schema()?;
        let mut schema = merge_schema(&plan.inputs());
        if let LogicalPlan::TableScan(scan) = &plan {
            schema
                .merge(&DFSchema::try_from_qualified_schema(scan.table_name.clone(), &scan.source.schema())?);
        }
        let sorts = matches!(plan, LogicalPlan::Sort(_));
        let names = NamePreserver::new(&plan);
        plan.map_expressions(|expression| {
            let name = names.save(&expression);
            let rewritten = expression.transform_up(|expression| self.expression(expression, &schema))?;
            let sorted = rewritten.transform_data(|data| {
                if sorts { self.ranked(data, &schema) } else { Ok(Transformed::no(data)) }
            })?;
            Ok(sorted.update_data(|data| name.restore(data)))
        })?
        .map_data(|plan| self.distinct_on(plan, &schema)?.recompute_schema())
    }

    /// `DISTINCT ON`, which sorts by itself.
    fn distinct_on(&self, plan: LogicalPlan, schema: &DFSchema) -> Result<LogicalPlan> {
        let LogicalPlan::Distinct(Distinct::On(mut distinct)) = plan else { return Ok(plan) };
        if let Some(sorts) = &mut distinct.sort_expr {
            self.ranked_sorts(sorts, schema)?;
        }
        Ok(LogicalPlan::Distinct(Distinct::On(distinct)))
    }

    /// The rank of what is a severity; anything else as it is.
    fn ranked(&self, expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        if is_severity(&expression, schema) {
            Ok(Transformed::yes(self.rank.call(vec![expression.unalias()])))
        } else {
            Ok(Transformed::no(expression))
        }
    }

    fn ranked_sorts(&self, sorts: &mut [Sort], schema: &DFSchema) -> Result<bool> {
        let mut changed = false;
        for sort in sorts {
            let ranked = self.ranked(sort.expr.clone(), schema)?;
            changed |= ranked.transformed;
            sort.expr = ranked.data;
        }
        Ok(changed)
    }

    fn extreme(
        &self,
        function: &AggregateUDF,
        arguments: &[Expr],
        schema: &DFSchema,
    ) -> Option<Arc<AggregateUDF>> {
        let [argument] = arguments else { return None };
        if !is_severity(argument, schema) {
            return None;
        }
        match function.name() {
            "max" => Some(Arc::clone(&self.max)),
            "min" => Some(Arc::clone(&self.min)),
            _ => None,
        }
    }

    fn expression(&self, expression: Expr, schema: &DFSchema) -> Result<Transformed<Expr>> {
        Ok(match expression {
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let severities = is_severity(&left, schema) || is_severity(&right, schema);
                let compares = matches!(op, Operator::Lt | Operator::LtEq | Operator::Gt | Operator::GtEq);
                let equals = matches!(
                    op,
                    Operator::Eq | Operator::NotEq | Operator::IsDistinctFrom | Operator::IsNotDistinctFrom
                );
                if severities && (compares || equals) {
                    known(&left)?;
                    known(&right)?;
                }
                if severities && compares {
                    let ranked = |side: Expr| Box::new(self.rank.call(vec![side]));
                    Transformed::yes(Expr::BinaryExpr(BinaryExpr {
                        left: ranked(*left),
                        op,
                        right: ranked(*right),
                    }))
                } else {
                    Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))
                }
            }
            Expr::Between(Between { expr, negated, low, high }) if is_severity(&expr, schema) => {
                known(&low)?;
                known(&high)?;
                let ranked = |side: Expr| Box::new(self.rank.call(vec![side]));
                Transformed::yes(Expr::Between(Between {
                    expr: ranked(*expr),
                    negated,
                    low: ranked(*low),
                    high: ranked(*high),
                }))
            }
            Expr::InList(InList { expr, list, negated }) => {
                if is_severity(&expr, schema) {
                    list.iter().try_for_each(known)?;
                }
                Transformed::no(Expr::InList(InList { expr, list, negated }))
            }
            Expr::AggregateFunction(AggregateFunction { func, mut params }) => {
                let sorted = self.ranked_sorts(&mut params.order_by, schema)?;
                let extreme = self.extreme(&func, &params.args, schema);
                let changed = sorted || extreme.is_some();
                let function = AggregateFunction { func: extreme.unwrap_or(func), params };
                Transformed::new(Expr::AggregateFunction(function), changed, TreeNodeRecursion::Continue)
            }
            Expr::WindowFunction(mut function) => {
                let WindowFunction { fun, params, .. } = function.as_mut();
                let mut changed = self.ranked_sorts(&mut params.order_by, schema)?;
                if let WindowFunctionDefinition::AggregateUDF(aggregate) = fun
                    && let Some(extreme) = self.extreme(aggregate, &params.args, schema)
                {
                    *aggregate = extreme;
                    changed = true;
                }
                Transformed::new(Expr::WindowFunction(function), changed, TreeNodeRecursion::Continue)
            }
            other => Transformed::no(other),
        })
    }
}

impl AnalyzerRule for Order {
    fn analyze(&self, plan: LogicalPlan, _: &ConfigOptions) -> Result<LogicalPlan> {
        // Correlated subqueries see the tables around them as outer references, which carry their own fields.
        Ok(plan.transform_up_with_subqueries(|plan| self.node(plan))?.data)
    }

    fn name(&self) -> &str {
        "severity_order"
    }
}

/// Whether an expression gives severities.
fn is_severity(expression: &Expr, schema: &DFSchema) -> bool {
    match expression {
        Expr::Alias(alias) => is_severity(&alias.expr, schema),
        Expr::Column(_) | Expr::AggregateFunction(_) | Expr::WindowFunction(_) | Expr::ScalarSubquery(_) => {
            expression.to_field(schema).is_ok_and(|(_, field)| marked(&field))
        }
        Expr::OuterReferenceColumn(field, _) => marked(field),
        Expr::Case(case) => {
            case.when_then_expr.iter().any(|(_, then)| is_severity(then, schema))
                || case.else_expr.as_ref().is_some_and(|other| is_severity(other, schema))
        }
        _ => false,
    }
}

/// Refuses a literal that is no severity.
fn known(expression: &Expr) -> Result<()> {
    match expression {
        Expr::Literal(value, _) => match value.try_as_str() {
            Some(Some(word)) if rank(word).is_none() => {
                let shown: String = word.chars().take(40).collect();
                let words: Vec<&str> = Severity::ALL.iter().map(|severity| severity.word()).collect();
                plan_err!("invalid input value for enum severity: \"{shown}\"; there is {}", words.join(", "))
            }
            Some(_) | None => Ok(()),
        },
        Expr::Alias(alias) => known(&alias.expr),
        _ => Ok(()),
    }
}
