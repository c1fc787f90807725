// Publishes one event to the provincial gateway, confirmed by the broker, and prints its result.
//
//	go mod tidy && AMQP_URL=amqp://guest:guest@127.0.0.1:5672/ go run . ../gd_accounting/02-register.json
//
// Text for services in Go: it was not compiled where the gateway is tested. The sample in ../node does the same and is.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

const (
	exchange    = "gateway.events"
	contentType = "application/cloudevents+json"
)

// event is what the routing key and the message follow from; the body is published as it is.
type event struct {
	ID      string `json:"id"`
	Type    string `json:"type"` // <platform>.<operation>
	Account string `json:"account"`
}

type result struct {
	Data struct {
		Outcome  string  `json:"outcome"` // accepted, rejected, dead or expired
		Category *string `json:"category"`
		Code     *string `json:"code"`
		Message  string  `json:"message"`
	} `json:"data"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("publish: name the file of an event")
	}
	body, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatalf("publish: %v", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	got, err := publish(ctx, os.Getenv("AMQP_URL"), body)
	if err != nil {
		log.Fatalf("publish: %v", err)
	}
	fmt.Println(got.Data.Outcome, got.Data.Message)
}

func (e event) routingKey() (string, error) {
	platform, operation, found := strings.Cut(e.Type, ".")
	if !found || e.ID == "" {
		return "", errors.New("the event needs an id, and a type <platform>.<operation>")
	}
	account := e.Account
	if account == "" {
		account = "default"
	}
	return platform + "." + account + "." + operation, nil
}

func publish(ctx context.Context, url string, body []byte) (*result, error) {
	var e event
	if err := json.Unmarshal(body, &e); err != nil {
		return nil, err
	}
	key, err := e.routingKey()
	if err != nil {
		return nil, err
	}
	connection, err := amqp.Dial(url)
	if err != nil {
		return nil, err
	}
	defer connection.Close()
	channel, err := connection.Channel()
	if err != nil {
		return nil, err
	}
	replies, replyTo, err := replyQueue(channel)
	if err != nil {
		return nil, err
	}
	message := amqp.Publishing{
		ContentType: contentType, DeliveryMode: amqp.Persistent, MessageId: e.ID, ReplyTo: replyTo, Body: body,
	}
	if err := confirmed(ctx, channel, key, message); err != nil {
		return nil, err
	}
	return await(ctx, replies, e.ID)
}

// replyQueue is an exclusive queue, which goes with the connection.
func replyQueue(channel *amqp.Channel) (<-chan amqp.Delivery, string, error) {
	queue, err := channel.QueueDeclare("", false, true, true, false, nil)
	if err != nil {
		return nil, "", err
	}
	replies, err := channel.Consume(queue.Name, "", true, true, false, false, nil)
	return replies, queue.Name, err
}

// confirmed returns nil once the broker has the message in a queue.
func confirmed(ctx context.Context, channel *amqp.Channel, key string, message amqp.Publishing) error {
	if err := channel.Confirm(false); err != nil {
		return err
	}
	returned := channel.NotifyReturn(make(chan amqp.Return, 1))
	confirmation, err := channel.PublishWithDeferredConfirmWithContext(ctx, exchange, key, true, false, message)
	if err != nil {
		return err
	}
	acked, err := confirmation.WaitContext(ctx)
	if err != nil {
		return err
	}
	select {
	case <-returned: // comes before the confirm: an unroutable message is confirmed too
		return fmt.Errorf("no queue takes %s", key)
	default:
	}
	if !acked {
		return errors.New("the broker refused the event: publish it again under the same id")
	}
	return nil
}

// await gives the event's result. It may come more than once; the first one is enough.
func await(ctx context.Context, replies <-chan amqp.Delivery, id string) (*result, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("no result in time: %w", ctx.Err())
		case delivery, open := <-replies:
			if !open {
				return nil, errors.New("the connection closed before the result came")
			}
			if delivery.CorrelationId != id {
				continue
			}
			var got result
			return &got, json.Unmarshal(delivery.Body, &got)
		}
	}
}
